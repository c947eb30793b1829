"""A projection of the first day of something by key, from whatever partitions its events come, counted by that day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.db import Connection
from shared.delivery.columns import json
from shared.delivery.projection import Fact, Key, State, columns_of
from shared.delivery.tiled import Tiles
from shared.events import Event

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
    """The first day of each key in a batch. Rows are made and locked, then moved: several partitions feed one."""

    def __init__(self, projection: FirstProjection) -> None:
        self.hears, self.by_type, self.tiles = projection.hears, projection.by_type, projection.tiles
        self.columns, self.keys = columns_of(projection.table), columns_of(projection.table, ())
        [self.day] = [column.name for column in self.columns.rest]
        self.first: dict[Key, str] = {}

    def forget(self) -> None:
        self.first = {}

    async def load(self, connection: Connection, facts: Iterable[Fact]) -> None:
        """Nothing: what is there is looked at once it is locked."""

    def fold(self, fact: Fact) -> tuple[Key, str]:
        return self.by_type[fact.type](fact)

    def take(self, change: tuple[Key, str]) -> None:
        key, day = change
        self.first[key] = min(day, self.first.get(key, day))

    async def save(self, connection: Connection) -> None:
        days, self.first = self.first, {}
        if not days:
            return
        keys = self.keys.rows(days)
        await connection.execute(self.keys.keep, keys)
        found = [self.columns.state(row) for row in await connection.fetch(self.columns.lock, keys)]
        moved = [(old, new) for old in found if (new := self.earlier(old, days)) is not old]
        if moved:
            await connection.execute(self.columns.put, json([new for _, new in moved]))
            await self.tiles.save(connection, self.tiles.moved(moved))

    def earlier(self, state: State, days: Mapping[Key, str]) -> State:
        """The state with the batch's day, where that is before what was known."""
        known, day = state[self.day], days[tuple(state[name] for name in self.keys.names)]
        return state if known and known <= day else state | {self.day: day}
