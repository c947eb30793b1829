"""A row projection whose rows are also summed into tiles, so that a count of rows need not read them.

A row adds amounts at keys; when a batch has changed it, what it added before is taken back. What a row adds may depend
on columns of several topics, so the whole row is made, locked in key order and read in each batch: a tile is always the
sum over all rows as they are, in whatever order topics came, however often a row was corrected. A tile that sums up to
nothing goes: which rows there are depends on the facts alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.db import Connection
from shared.delivery.columns import Columns
from shared.delivery.projection import Fact, Key, State, columns_of
from shared.events import Event

Amounts = Sequence[int]
Added = Mapping[Key, Amounts]


@dataclass(frozen=True)
class Tiles:
    """A table of sums over rows: `of` says what one row adds, in the order of the columns outside the key."""

    name: str
    table: type[SQLModel]
    of: Callable[[State], Added]

    @cached_property
    def columns(self) -> Columns:
        return columns_of(self.table)

    def moved(self, before: Mapping[Key, State], now: Mapping[Key, State]) -> dict[Key, list[int]]:
        """What the rows' changes add up to."""
        sums: dict[Key, list[int]] = {}
        for key, state in now.items():
            if before[key] is not state and (old := self.of(before[key])) != (new := self.of(state)):
                self.add(sums, old, -1)
                self.add(sums, new, 1)
        return {key: amounts for key, amounts in sums.items() if any(amounts)}

    def add(self, sums: dict[Key, list[int]], added: Added, sign: int) -> None:
        for key, amounts in added.items():
            if (sum := sums.get(key)) is None:
                sums[key] = [sign * amount for amount in amounts]
            else:
                for place, amount in enumerate(amounts):
                    sum[place] += sign * amount

    async def save(self, connection: Connection, sums: Mapping[Key, Amounts]) -> None:
        if sums:
            changes = self.columns.rows((*key, *amounts) for key, amounts in sums.items())
            await connection.execute(self.columns.add, changes)
            await connection.execute(self.columns.prune, self.columns.rows(sums))


@dataclass(frozen=True)
class TiledRowProjection:
    """One row a key; its tiles are written after its rows, in the same transaction."""

    name: str
    table: type[SQLModel]
    key: Callable[[Fact], Key]
    folds: Mapping[type[Event], Callable[[State, Fact], State]]
    tiles: Sequence[Tiles]

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.folds)

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, *(one.table for one in self.tiles))

    def collectors(self) -> "list[TiledRows]":
        return [TiledRows(self)]


class TiledRows:
    """The rows of a batch, whole and locked; `before` is what they were when it began."""

    def __init__(self, projection: TiledRowProjection) -> None:
        self.key, self.tiles = projection.key, projection.tiles
        self.hears = projection.hears
        self.by_type = {event.type(): fold for event, fold in projection.folds.items()}
        self.columns = columns_of(projection.table)
        self.names = [column.name for column in self.columns.key]
        self.before: dict[Key, State] = {}
        self.states: dict[Key, State] = {}

    def forget(self) -> None:
        self.before, self.states = {}, {}

    def meet(self, facts: Iterable[Fact]) -> set[Key]:
        """The keys of rows that were not met before; their states begin empty."""
        new = {self.key(fact) for fact in facts} - self.states.keys()
        for key in new:
            blank: State = dict.fromkeys(self.columns.names)
            self.before[key] = self.states[key] = blank | dict(zip(self.names, key, strict=True))
        return new

    async def load(self, connection: Connection, facts: Iterable[Fact]) -> None:
        self.forget()
        if keys := self.meet(facts):
            given = self.columns.rows(keys)
            await connection.execute(self.columns.make, given)
            for row in await connection.fetch(self.columns.lock, given):
                state = self.columns.state(row)
                key = tuple(state[name] for name in self.names)
                self.before[key] = self.states[key] = state

    def fold(self, fact: Fact) -> tuple[Key, State]:
        key = self.key(fact)
        return key, self.by_type[fact.type](self.states[key], fact)

    def take(self, change: tuple[Key, State]) -> None:
        key, state = change
        self.states[key] = state

    @property
    def changed(self) -> dict[Key, State]:
        return {key: state for key, state in self.states.items() if state is not self.before[key]}

    async def save(self, connection: Connection) -> None:
        if changed := self.changed:
            rows = ([state[name] for name in self.columns.names] for state in changed.values())
            await connection.execute(self.columns.put, self.columns.rows(rows))
            for tiles in self.tiles:
                await tiles.save(connection, tiles.moved(self.before, changed))
        self.forget()
