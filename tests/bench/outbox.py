"""Filling the outbox with generated events, in the product's tables and as `emit` would have written them."""

from collections.abc import Sequence
from itertools import islice

import orjson

from shared.database.engine import Database
from shared.database.transaction import Connection
from shared.messaging.outbox import shard_of
from tests.bench.event_generator import GeneratedRecord, generate_records
from tests.bench.polling import until

TOPIC = "ieum.applications"
CHUNK = 10_000
INSERT_LOG = """
    insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
    select id::uuid, $1, subject, sequence::bigint, type, occurred_on::date, attributes::json, data
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
         with ordinality as u (id, subject, sequence, type, occurred_on, attributes, data, n)
    order by n returning position
"""
INSERT_OUTBOX = "insert into outbox (position, shard) select * from unnest($1::bigint[], $2::smallint[])"


def records(number: int) -> list[GeneratedRecord]:
    """Generate so many records of one service: a service numbers the events of its own subjects only."""
    own = (record for record in generate_records(10**9) if record.topic == TOPIC)
    return list(islice(own, number))


async def fill(database: Database, topic: str, records: Sequence[GeneratedRecord]) -> None:
    """Insert the records in one transaction, to be published to `topic`."""
    async with database.batch_transaction() as connection:
        for first in range(0, len(records), CHUNK):
            await insert(connection, topic, records[first : first + CHUNK])


async def until_empty(database: Database) -> None:
    async def empty() -> bool:
        async with database.batch_transaction() as connection:
            return not await connection.fetchval("select exists(select from outbox)")

    await until(empty, pause=0.05)  # the query scans dead rows: more often, it would slow the relay


async def insert(connection: Connection, topic: str, records: Sequence[GeneratedRecord]) -> None:
    columns = [list(column) for column in zip(*map(row_of, records), strict=True)]
    positions = [row["position"] for row in await connection.fetch(INSERT_LOG, topic, *columns)]
    await connection.execute(INSERT_OUTBOX, positions, [shard_of(record.key.decode()) for record in records])


def row_of(record: GeneratedRecord) -> tuple[str, ...]:
    envelope = attributes(record)
    sequence, data = envelope.pop("sequence"), record.value.decode()
    columns = (record.key.decode(), sequence, envelope["type"], orjson.loads(data)["occurred_on"])
    return (envelope["id"], *columns, orjson.dumps(envelope).decode(), data)


def attributes(record: GeneratedRecord) -> dict[str, str]:
    return {
        name.removeprefix("ce_"): text.decode() for name, text in record.headers if name.startswith("ce_")
    }
