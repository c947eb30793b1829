"""A row projection whose rows are also summed into tiles, so that a count of rows need not read them.

A row adds amounts at keys; when a batch has changed it, what it added before is taken back. The row is locked
meanwhile, so a tile is always the sum over all rows as they are: in whatever order topics came, however often a row
was corrected. A tile that sums up to nothing goes: which rows there are depends on the facts alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import SQLModel

from shared.db import Connection
from shared.delivery.projection import Fact, Key, RowProjection, State, TableProjection, names

Amounts = Sequence[int]
Added = Mapping[Key, Amounts]


class Loaded(dict[Key, State]):
    """The rows of a batch; `before` is what they were when it began."""

    def __init__(self, rows: Mapping[Key, State]) -> None:
        super().__init__(rows)
        self.before = dict(rows)


@dataclass(frozen=True)
class Tiles(TableProjection):
    """A table of sums over rows: `of` says what one row adds, in the order of the columns outside the key."""

    of: Callable[[State], Added]

    @cached_property
    def prune(self) -> str:
        match = " and ".join(f't."{c.name}" = k."{c.name}"' for c in self.columns.key)
        empty = " and ".join(f't."{c.name}" = 0' for c in self.columns.rest)
        keys = f"({self.columns.arrays(self.columns.key)}) as k({names(self.columns.key)})"
        return f"delete from {self.columns.name} t using {keys} where {match} and {empty}"

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
        if not sums:
            return
        keys = list(map(list, zip(*sums, strict=True)))
        await connection.execute(self.columns.add, *keys, *map(list, zip(*sums.values(), strict=True)))
        await connection.execute(self.prune, *keys)


@dataclass(frozen=True)
class TiledRowProjection(RowProjection):
    """Its tiles are written after its rows, in the same transaction."""

    tiles: Sequence[Tiles] = ()

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, *(one.table for one in self.tiles))

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> Loaded:
        return Loaded(await super().load(connection, facts))

    async def save(self, connection: Connection, collected: dict[Key, State]) -> None:
        await super().save(connection, collected)
        if isinstance(collected, Loaded):
            for tiles in self.tiles:
                await tiles.save(connection, tiles.moved(collected.before, collected))
