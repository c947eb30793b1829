"""First occurrences: a projection of the first day of each key, from any partitions, with a rollup by that day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.database.transaction import Connection
from shared.events import Event
from shared.projections.projection import DecodedEvent, Key, sql_of
from shared.projections.rollups import Rollup

Day = Callable[[DecodedEvent], tuple[Key, str]]


@dataclass(frozen=True)
class FirstOccurrenceProjection:
    """`days` returns the key and day of an event; the table's one column outside the key is the first day."""

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
    """The first day of each key in a batch; rows are lowered where they stand, because several partitions feed one."""

    def __init__(self, projection: FirstOccurrenceProjection) -> None:
        self.subscribes_to, self.by_type = projection.subscribes_to, projection.by_type
        self.rollup, self.columns = projection.rollup, sql_of(projection.table)
        [self.day] = [column.name for column in self.columns.values]
        returning = f'{self.columns.select_list()}, old."{self.day}"::text as before'
        self.lower = f"{self.columns.upsert_min(self.day)} returning {returning}"
        self.reset()

    def reset(self) -> None:
        self.first: dict[Key, str] = {}

    async def load(self, connection: Connection, events: Sequence[DecodedEvent]) -> None:
        """Load nothing: the earlier day is returned when the row is lowered."""

    def fold(self, event: DecodedEvent) -> tuple[Key, str]:
        return self.by_type[event.type](event)

    def collect(self, events: Iterable[DecodedEvent]) -> None:
        for event in events:
            key, day = self.by_type[event.type](event)
            self.first[key] = min(day, self.first.get(key, day))

    def drain(self) -> dict[Key, str]:
        changes, self.first = self.first, {}
        return changes

    async def save(self, connection: Connection, changes: dict[Key, str]) -> None:
        rows = self.columns.encode((*key, day) for key, day in changes.items())
        lowered = [
            (state | {self.day: row["before"]}, state)
            for row in await connection.fetch(self.lower, rows)
            if (state := self.columns.decode(row))
        ]
        await self.rollup.save(connection, self.rollup.delta(lowered))
