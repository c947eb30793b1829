"""Takes the evidence with plain clients, once nothing is on its way any more."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.chaos.checker.contract import BOARD, HEARD
from tests.chaos.checker.evidence import Evidence, Record, Row
from tests.chaos.checker.journals import accepted_in
from tests.chaos.history import Operation

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.5
OURS = "ieum."
READ_ONLY = {"default_transaction_read_only": "on", "jit": "off"}
WAITING = {
    "events in its outbox": "select count(*) from outbox",
    "parked records": "select count(*) from parked",
}
TO_SEND = "select count(*) from message where state in ('queued', 'sending')"
FOLDED = "select topic, partition, next from projection_offset"
TABLES = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p') order by 1
"""

Tables = dict[str, dict[str, list[Row]]]
Offsets = Mapping[TopicPartition, int]


async def gathered(
    kafka: str,
    owners: Mapping[str, str],
    history: Sequence[Operation],
    inbox: Path | None,
    patience_seconds: float,
) -> Evidence:
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(
            AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        stack.push_async_callback(admin.close)
        connections = {service: await _connected(stack, service, url) for service, url in owners.items()}
        places = await _places(admin)
        reader.assign(places)
        unrest = await _quiet(reader, admin, connections, places, patience_seconds)
        tables = {service: await _tables(service, one) for service, one in connections.items()}
        records = await _records(reader, places)
    return Evidence(records, tables, history, None if inbox is None else accepted_in(inbox), unrest)


async def _connected(stack: AsyncExitStack, service: str, url: str) -> "asyncpg.Connection[Any]":
    connection = await asyncpg.connect(url, server_settings=READ_ONLY | {"search_path": service}, timeout=30)
    stack.push_async_callback(connection.close)
    return connection


async def _places(admin: Any) -> list[TopicPartition]:
    """Every partition of every topic of the installation, also of one that nobody expects."""
    topics = sorted(name for name in await admin.list_topics() if name.startswith(OURS))
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in await admin.describe_topics(topics)
        for partition in topic["partitions"]
    ]


# Quiet: nothing waits in any table, and every group has read everything.


async def _quiet(
    reader: Any,
    admin: Any,
    connections: Mapping[str, Any],
    places: Sequence[TopicPartition],
    patience_seconds: float,
) -> list[str]:
    """What still moves after so many seconds; nothing, looked at twice, where all stands still."""
    deadline, still = time.monotonic() + patience_seconds, 0
    while True:
        unrest = await _unrest(reader, admin, connections, places)
        still = 0 if unrest else still + 1
        if still == 2 or time.monotonic() > deadline:
            return unrest
        await asyncio.sleep(PAUSE_SECONDS)


async def _unrest(
    reader: Any, admin: Any, connections: Mapping[str, Any], places: Sequence[TopicPartition]
) -> list[str]:
    found = []
    for service, connection in connections.items():
        questions = WAITING | ({"messages on their way": TO_SEND} if service == "notifications" else {})
        for what, sql in questions.items():
            if count := await connection.fetchval(sql):
                found.append(f"{service} has {count} {what}")
    ends = await reader.end_offsets(places)
    for group in HEARD:
        read = {at: one.offset for at, one in (await admin.list_consumer_group_offsets(group)).items()}
        found += _behind(group, HEARD[group], read, ends)
    rows = await connections[BOARD].fetch(FOLDED)
    folded = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
    ours = {at.topic for at in places if not at.topic.startswith("ieum.external.")}
    return found + _behind("the board's projector", ours, folded, ends)


def _behind(who: str, topics: Any, read: Offsets, ends: Offsets) -> list[str]:
    return [
        f"{who} has read {at.topic}/{at.partition} up to {read.get(at, 0)} of {end}"
        for at, end in ends.items()
        if at.topic in topics and end and read.get(at, 0) < end
    ]


async def _tables(service: str, connection: Any) -> dict[str, list[Row]]:
    """All rows of all tables of the schema, of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        names = [row["relname"] for row in await connection.fetch(TABLES, service)]
        return {name: list(await connection.fetch(f'select * from "{name}"')) for name in names}


async def _records(reader: Any, places: Sequence[TopicPartition]) -> list[Record]:
    """All there is up to now, by topic, partition and offset."""
    await reader.seek_to_beginning(*places)
    ends = await reader.end_offsets(places)
    found: list[Record] = []
    while left := [at for at in places if await reader.position(at) < ends[at]]:
        for records in (await reader.getmany(*left, timeout_ms=200, max_records=5_000)).values():
            found += [_record(one) for one in records]
    return sorted(found, key=lambda one: one.place)


def _record(one: Any) -> Record:
    headers = tuple((name, value or b"") for name, value in one.headers)
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers)
