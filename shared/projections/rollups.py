"""A row projection whose rows are also summed into tiles, so that a count of rows need not read them.

A row adds amounts at keys; when a batch has changed it, what it added before is taken back. What another topic wrote
into the row is read after our own columns were written: from then on the row is ours until we commit, so whoever
folds another topic of it comes before us, and was read, or after us, and reads ours. A tile is thus always the sum
over all rows as they are: in whatever order topics came, however often a row was corrected. A tile that sums up to
nothing goes: which ones there are depends on the facts alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from sqlmodel import SQLModel

from shared.database.engine import Connection
from shared.projections.projection import Key, RowCollector, RowProjection, State, sql_of
from shared.projections.upserts import TableSql

Amounts = Sequence[int]
Added = Mapping[Key, Amounts]
Change = tuple[State, State]
"""A row before and after."""


@dataclass(frozen=True)
class Rollup:
    """A table of sums over rows: `of` says what one row adds, in the order of the columns outside the key."""

    name: str
    table: type[SQLModel]
    contributions: Callable[[State], Added]

    @cached_property
    def columns(self) -> TableSql:
        return sql_of(self.table)

    def delta(self, changes: Iterable[Change]) -> dict[Key, list[int]]:
        """What the changes of rows add up to."""
        sums: dict[Key, list[int]] = {}
        for before, now in changes:
            old, new = self.contributions(before), self.contributions(now)
            if old == new:
                continue
            for key, amounts in old.items():
                if amounts != new.get(key):
                    add_amounts(sums, key, amounts, -1)
            for key, amounts in new.items():
                if amounts != old.get(key):
                    add_amounts(sums, key, amounts, 1)
        return {key: amounts for key, amounts in sums.items() if any(amounts)}

    async def save(self, connection: Connection, sums: Added) -> None:
        if sums:
            tiles = self.columns.encode((*key, *amounts) for key, amounts in sums.items())
            if empty := await connection.fetch(self.columns.increment_returning_zeros, tiles):
                await connection.execute(
                    self.columns.delete_zero_rows, self.columns.encode(map(tuple, empty))
                )


def add_amounts(sums: dict[Key, list[int]], key: Key, amounts: Amounts, sign: int) -> None:
    if (sum := sums.get(key)) is None:
        sums[key] = [sign * amount for amount in amounts]
    else:
        for place, amount in enumerate(amounts):
            sum[place] += sign * amount


@dataclass(frozen=True)
class RollupRowProjection(RowProjection):
    """`counted`: the columns that its tiles look at. `derived`: a row, with what all its tiles would compute of it."""

    rollups: Sequence[Rollup] = ()
    inputs: Sequence[str] = ()
    derive: Callable[[State], State] = lambda state: state

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, *(one.table for one in self.rollups))

    def collectors(self) -> list[RowCollector]:
        return [RollupRowCollector(self, topic, columns) for topic, columns in sorted(self.topics().items())]


class RowChanges(NamedTuple):
    """Rows to be written, and of those whose tiles change what they were before and are now."""

    rows: list[State]
    changed: dict[Key, Change]


class RollupRowCollector(RowCollector):
    """One topic's columns of the rows; knows what they were when the batch began."""

    def __init__(self, projection: RollupRowProjection, topic: str, columns: Iterable[str]) -> None:
        super().__init__(projection, topic, columns)
        self.rollups, self.derive = projection.rollups, projection.derive
        own = set(self.columns.names)
        self.inputs = itemgetter(*(name for name in projection.inputs if name in own))
        self.others = sql_of(projection.table, set(projection.inputs) - own)

    def drain(self) -> RowChanges | None:
        counted, before = self.inputs, self.previous
        rows = super().drain()
        moved = {
            key: (was, now)
            for (key, was), now in zip(before.items(), rows, strict=True)
            if counted(was) != counted(now)
        }
        return RowChanges(rows, moved) if rows else None

    async def save(self, connection: Connection, given: RowChanges) -> None:
        await super().save(connection, given.rows)
        if given.changed:
            changes = await self.changes(connection, given.changed)
            for tiles in self.rollups:
                await tiles.save(connection, tiles.delta(changes))

    async def changes(self, connection: Connection, moved: Mapping[Key, Change]) -> list[Change]:
        """Each row with the columns of the other topics, as they stand now."""
        found = dict.fromkeys(moved, dict.fromkeys(self.others.names))
        if self.others.values:
            for row in await connection.fetch(self.others.select_existing, self.others.encode(moved)):
                state = self.others.decode(row)
                found[tuple(state[name] for name in self.names)] = state
        whole = self.derive
        return [(whole(found[key] | was), whole(found[key] | now)) for key, (was, now) in moved.items()]
