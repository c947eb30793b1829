"""A projection of the first day of something by key, from whatever partitions its events come, counted by that day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.database.engine import Connection, Reader
from shared.events import Event
from shared.projections.projection import DecodedEvent, Key, sql_of
from shared.projections.rollups import Rollup

Day = Callable[[DecodedEvent], tuple[Key, str]]


@dataclass(frozen=True)
class FirstOccurrenceProjection:
    """`days`: the key and the day that an event gives; the table's one column outside the key is the first day."""

    name: str
    table: type[SQLModel]
    rollup: Rollup
    days: Mapping[type[Event], Day]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, self.rollup.table)

    @cached_property
    def by_type(self) -> dict[str, Day]:
        return {event.type(): day for event, day in self.days.items()}

    @property
    def subscribes_to(self) -> frozenset[type[Event]]:
        return frozenset(self.days)

    def collectors(self) -> "list[FirstOccurrences]":
        return [FirstOccurrences(self)]


class FirstOccurrences:
    """The first day of each key in a batch. Rows are moved where they stand: several partitions feed one."""

    def __init__(self, projection: FirstOccurrenceProjection) -> None:
        self.subscribes_to, self.by_type, self.rollup = (
            projection.subscribes_to,
            projection.by_type,
            projection.rollup,
        )
        self.columns = sql_of(projection.table)
        [self.day] = [column.name for column in self.columns.values]
        self.move = f'{self.columns.upsert_min(self.day)} returning {self.columns.select_list()}, old."{self.day}"::text as before'
        self.reset()

    def reset(self) -> None:
        self.first: dict[Key, str] = {}

    async def load(self, connection: Reader, facts: Sequence[DecodedEvent]) -> None:
        """Nothing: what is there is looked at as it is moved."""

    def fold(self, fact: DecodedEvent) -> tuple[Key, str]:
        return self.by_type[fact.type](fact)

    def collect(self, facts: Iterable[DecodedEvent]) -> None:
        for fact in facts:
            key, day = self.by_type[fact.type](fact)
            self.first[key] = min(day, self.first.get(key, day))

    def drain(self) -> dict[Key, str]:
        given, self.first = self.first, {}
        return given

    async def save(self, connection: Connection, given: dict[Key, str]) -> None:
        rows = self.columns.encode((*key, day) for key, day in given.items())
        moved = [
            (now | {self.day: row["before"]}, now)
            for row in await connection.fetch(self.move, rows)
            if (now := self.columns.decode(row))
        ]
        await self.rollup.save(connection, self.rollup.delta(moved))
