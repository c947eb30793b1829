"""Folding generated events directly into the projections, without Kafka."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.database.engine import Database
from shared.database.transaction import Connection
from shared.projections.batch import BatchFolder
from tests.bench import event_generator, programmes
from tests.bench.event_generator import CASES_PER_ROUND, EVENTS_PER_CASE
from tests.bench.progress import Progress
from tests.databases import admin

CHUNK = 100_000  # events a line of progress


class Record(NamedTuple):
    """A generated record in the consumer's form."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


async def reraise(connection: Connection, record: Any, error: Exception) -> None:
    raise error


async def fold_programmes(database: Database) -> None:
    """Fold the programmes' definitions and rounds; events folded before are skipped."""
    records = [Record(record.topic, 0, n, *record[1:]) for n, record in enumerate(programmes.records())]
    async with database.batch_transaction() as connection:
        await BatchFolder(PROJECTIONS, reraise).apply(connection, records)


async def save_offsets(database: Database, ends: Mapping[TopicPartition, int]) -> None:
    """Save the topics' end offsets, so that a projector continues from there."""
    async with database.batch_transaction() as connection:
        await connection.executemany(
            "insert into projection_offset (topic, partition, next) values ($1, $2, $3)",
            [(at.topic, at.partition, end) for at, end in ends.items()],
        )


async def vacuum() -> None:
    """Vacuum and analyze all tables, as autovacuum would in time."""
    connection = await admin()
    try:
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def fill(database: Database, events: int, progress: Progress) -> None:
    """Fold so many events, of whole cases, into empty tables."""
    folder = BatchFolder(PROJECTIONS, reraise)
    for first in range(0, events // EVENTS_PER_CASE, CASES_PER_ROUND):
        numbers = range(first, min(first + CASES_PER_ROUND, events // EVENTS_PER_CASE))
        records = (event_generator.generate(n, step) for step in range(EVENTS_PER_CASE) for n in numbers)
        async with database.batch_transaction() as connection:
            await folder.apply(connection, [Record(record.topic, 0, 0, *record[1:]) for record in records])
        if (done := numbers.stop * EVENTS_PER_CASE) % CHUNK < CASES_PER_ROUND * EVENTS_PER_CASE:
            progress(f"{done:,} / {events:,} 사건을 접음 / events folded")
