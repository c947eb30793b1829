"""Made-up events folded as the projector folds them, without Kafka between."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.database.engine import Connection, Database
from shared.projections.batch import BatchFolder
from tests.bench import lives, programmes
from tests.bench.console import Say
from tests.bench.lives import EACH, ROUND
from tests.databases import admin

CHUNK = 100_000  # events between two lines of progress


class Record(NamedTuple):
    """A made-up record as the consumer gives it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


async def unburied(connection: Connection, record: Any, error: Exception) -> None:
    raise error


async def fold_programmes(database: Database) -> None:
    """Their definitions and rounds, as the projector folds them; what was folded before is skipped."""
    records = [Record(one.topic, 0, n, *one[1:]) for n, one in enumerate(programmes.records())]
    async with database.asyncpg_transaction() as connection:
        await BatchFolder(PROJECTIONS, unburied).apply(connection, records)


async def stand_at(database: Database, ends: Mapping[TopicPartition, int]) -> None:
    """The projector goes on from here: what is on the topics counts as folded."""
    async with database.asyncpg_transaction() as connection:
        await connection.executemany(
            "insert into projection_offset (topic, partition, next) values ($1, $2, $3)",
            [(at.topic, at.partition, end) for at, end in ends.items()],
        )


async def settle() -> None:
    """As autovacuum would leave it after a while: the planner knows what there is."""
    connection = await admin()
    try:
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def fill(database: Database, events: int, say: Say) -> None:
    """Empty tables get the rows of so many events: whole lives."""
    folding = BatchFolder(PROJECTIONS, unburied)
    for first in range(0, events // EACH, ROUND):
        numbers = range(first, min(first + ROUND, events // EACH))
        records = (lives.made(n, step) for step in range(EACH) for n in numbers)
        async with database.asyncpg_transaction() as connection:
            await folding.apply(connection, [Record(one.topic, 0, 0, *one[1:]) for one in records])
        if (done := numbers.stop * EACH) % CHUNK < ROUND * EACH:
            say(f"{done:,} / {events:,} 사건을 접음 / events folded")
