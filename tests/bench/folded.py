"""What the projector makes of so many made-up events, folded in memory case by case and written once.

The rows are those of the product's own folds; only the way of writing is another one, several times as fast.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.db import Connection, Database
from shared.delivery.folding import Folding
from shared.delivery.projection import Fact, Key, ListProjection, RowProjection, State, SumProjection
from shared.delivery.tiled import TiledRowProjection
from tests.bench import lives, programmes
from tests.bench.console import Say
from tests.bench.lives import EACH, ROUND, Made
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
    async with database.fast_transaction() as connection:
        await Folding(PROJECTIONS, unburied).apply(connection, records)


async def stand_at(database: Database, ends: Mapping[TopicPartition, int]) -> None:
    """The projector goes on from here: what is on the topics counts as folded."""
    async with database.fast_transaction() as connection:
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
    folding, sums = Folding(PROJECTIONS, unburied), Sums()
    for first in range(0, events // EACH, ROUND):
        numbers = range(first, min(first + ROUND, events // EACH))
        facts = [fact(folding, lives.made(n, step)) for step in range(EACH) for n in numbers]
        async with database.fast_transaction() as connection:
            for projection in PROJECTIONS:
                await write(connection, projection, facts, sums)
        if (done := numbers.stop * EACH) % CHUNK < ROUND * EACH:
            say(f"{done:,} / {events:,} 사건을 접어 씀 / events folded and written")
    async with database.fast_transaction() as connection:
        await sums.save(connection)


def fact(folding: Folding, made: Made) -> Fact:
    found = folding.fact(Record(made.topic, 0, 0, *made[1:]))
    assert found is not None
    return found


class Sums:
    """Tiles are summed over the whole run: of events, and of rows, which are whole when they come."""

    def __init__(self) -> None:
        self.of_events: defaultdict[str, dict[Key, int]] = defaultdict(dict)
        self.of_rows: defaultdict[str, dict[Key, list[int]]] = defaultdict(dict)

    def take_events(self, projection: SumProjection, facts: Iterable[Fact]) -> None:
        tiles = self.of_events[projection.name]
        for one in facts:
            projection.take(tiles, projection.fold(tiles, one))

    def take_rows(self, projection: RowProjection, rows: Iterable[State]) -> None:
        if isinstance(projection, TiledRowProjection):
            for tiles, row in product(projection.tiles, rows):
                tiles.add(self.of_rows[tiles.name], tiles.of(row), 1)

    async def save(self, connection: Connection) -> None:
        for projection in PROJECTIONS:
            if isinstance(projection, SumProjection):
                await projection.save(connection, self.of_events[projection.name])
            elif isinstance(projection, TiledRowProjection):
                for tiles in projection.tiles:
                    await tiles.save(connection, self.of_rows[tiles.name])


async def write(connection: Connection, projection: Any, facts: Sequence[Fact], sums: Sums) -> None:
    if isinstance(projection, SumProjection):
        sums.take_events(projection, facts)
    elif isinstance(projection, ListProjection):
        rows = [row for one in facts for row in projection.fold([], one)]
        await keep(connection, projection, rows)
    else:
        found = list(states(projection, facts).values())
        sums.take_rows(projection, found)
        await keep(connection, projection, found)


def states(projection: RowProjection, facts: Iterable[Fact]) -> dict[Key, State]:
    """Each row after all of its facts."""
    key, blank = [c.name for c in projection.columns.key], {c.name: None for c in projection.columns.rest}
    found: dict[Key, State] = {}
    for one in facts:
        if one.type in projection.by_type:
            at = projection.key(one)
            found.setdefault(at, dict(zip(key, at, strict=True)) | blank)
            projection.take(found, projection.fold(found, one))
    return found


async def keep(connection: Connection, projection: Any, rows: Iterable[Any]) -> None:
    columns = projection.columns
    if arrays := columns.parameters(columns.all, rows):
        await connection.execute(columns.keep, *arrays)
