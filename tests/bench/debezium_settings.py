"""Settings of Debezium as a peer: its table, Kafka Connect's worker and the connector with its router."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from tools.devstack.ports import LOOPBACK
from tools.devstack.postgres import ADMIN

NAME = "outbox"
HEADERS = (
    "id",
    "source",
    "type",
    "time",
    "subject",
    "sequence",
    "specversion",
    "correlationid",
    "authtype",
    "authid",
)
TABLE = f"""
    create table outbox (
        id uuid primary key, aggregatetype text, aggregateid text, type text, payload bytea, contenttype text,
        {", ".join(f"ce_{name} text" for name in HEADERS)}
    )
"""
INSERT = f"""
    insert into outbox
    select ce_id::uuid, $1, aggregateid, ce_type, payload, 'application/json', {", ".join(f"ce_{name}" for name in HEADERS)}
    from unnest($2::text[], $3::bytea[], {", ".join(f"${n}::text[]" for n, _ in enumerate(HEADERS, start=4))})
         as u (aggregateid, payload, {", ".join(f"ce_{name}" for name in HEADERS)})
"""


def write(file: Path, settings: Mapping[str, object]) -> None:
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    file.chmod(0o600)


def worker_settings(folder: Path, bootstrap: str, rest: int) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "listeners": f"HTTP://{LOOPBACK}:{rest}",
        "offset.storage.file.filename": folder / "offsets",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        "header.converter": "org.apache.kafka.connect.storage.StringConverter",
        "topic.creation.enable": "false",
        "plugin.discovery": "service_load",  # otherwise it scans every class of every jar
        "producer.acks": "all",
        "producer.batch.size": 131_072,
    }


def connector_settings(url: str) -> dict[str, object]:
    server = httpx.URL(url)
    placements = [f"ce_{name}:header" for name in HEADERS]
    return {
        "name": NAME,
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": 1,
        "plugin.name": "pgoutput",
        "database.hostname": server.host,
        "database.port": server.port,
        "database.user": ADMIN,
        "database.password": server.password,
        "database.dbname": "postgres",
        "topic.prefix": "bench",
        "table.include.list": "public.outbox",
        "publication.autocreate.mode": "filtered",
        "snapshot.mode": "no_data",
        "poll.interval.ms": 10,
        "extended.headers.enabled": "false",
        "max.batch.size": 8_192,
        "max.queue.size": 32_768,
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.route.topic.replacement": "${routedByValue}",
        "transforms.outbox.table.fields.additional.placement": ",".join(
            [*placements, "contenttype:header:content-type"]
        ),
    }
