"""A projection of the first day of something by key, from whatever partitions its events come, counted by that day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.database.engine import Connection, Reader
from shared.events import Event
from shared.projections.projection import Fact, Key, columns_of
from shared.projections.rollups import Tiles

Day = Callable[[Fact], tuple[Key, str]]


@dataclass(frozen=True)
class FirstProjection:
    """`days`: the key and the day that an event gives; the table's one column outside the key is the first day."""

    name: str
    table: type[SQLModel]
    tiles: Tiles
    days: Mapping[type[Event], Day]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, self.tiles.table)

    @cached_property
    def by_type(self) -> dict[str, Day]:
        return {event.type(): day for event, day in self.days.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.days)

    def collectors(self) -> "list[Firsts]":
        return [Firsts(self)]


class Firsts:
    """The first day of each key in a batch. Rows are moved where they stand: several partitions feed one."""

    def __init__(self, projection: FirstProjection) -> None:
        self.hears, self.by_type, self.tiles = projection.hears, projection.by_type, projection.tiles
        self.columns = columns_of(projection.table)
        [self.day] = [column.name for column in self.columns.rest]
        self.move = f'{self.columns.lower(self.day)} returning {self.columns.read()}, old."{self.day}"::text as before'
        self.forget()

    def forget(self) -> None:
        self.first: dict[Key, str] = {}

    async def load(self, connection: Reader, facts: Sequence[Fact]) -> None:
        """Nothing: what is there is looked at as it is moved."""

    def fold(self, fact: Fact) -> tuple[Key, str]:
        return self.by_type[fact.type](fact)

    def take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            key, day = self.by_type[fact.type](fact)
            self.first[key] = min(day, self.first.get(key, day))

    def hand_over(self) -> dict[Key, str]:
        given, self.first = self.first, {}
        return given

    async def save(self, connection: Connection, given: dict[Key, str]) -> None:
        rows = self.columns.rows((*key, day) for key, day in given.items())
        moved = [
            (now | {self.day: row["before"]}, now)
            for row in await connection.fetch(self.move, rows)
            if (now := self.columns.state(row))
        ]
        await self.tiles.save(connection, self.tiles.moved(moved))
