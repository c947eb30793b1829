"""Rollups: sums over the rows of a projection by key and day, kept in step with the rows.

A row contributes amounts at keys; when a batch has changed the row, its earlier contribution is subtracted. The columns
that another topic feeds are read after our own were written: from then on the row is locked until we commit, so a
projector that folds another topic of it either has committed before, and was read, or waits, and reads ours. A rollup
is thus always the sum over all rows as they are, in whatever order topics arrive and however often a row is corrected.
A rollup row whose sums are all zero is deleted, so which rows exist depends on the events alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from sqlmodel import SQLModel

from shared.database.transaction import Connection
from shared.projections.projection import Key, RowCollector, RowProjection, State, sql_of
from shared.projections.table_sql import TableSql

Amounts = Sequence[int]
Contributions = Mapping[Key, Amounts]
Change = tuple[State, State]
"""A row before and after the batch."""


@dataclass(frozen=True)
class Rollup:
    """A table of sums over rows; `contributions` returns a row's amounts, in the order of the columns outside the key."""

    name: str
    table: type[SQLModel]
    contributions: Callable[[State], Contributions]

    @cached_property
    def columns(self) -> TableSql:
        return sql_of(self.table)

    def delta(self, changes: Iterable[Change]) -> dict[Key, list[int]]:
        """Return what the changes of rows add, by key."""
        sums: dict[Key, list[int]] = {}
        for before, after in changes:
            old, new = self.contributions(before), self.contributions(after)
            if old == new:
                continue
            for key, amounts in old.items():
                if amounts != new.get(key):
                    add_amounts(sums, key, amounts, -1)
            for key, amounts in new.items():
                if amounts != old.get(key):
                    add_amounts(sums, key, amounts, 1)
        return {key: amounts for key, amounts in sums.items() if any(amounts)}

    async def save(self, connection: Connection, delta: Contributions) -> None:
        """Add the delta to the table and delete the rows that have become zero."""
        if delta:
            rows = self.columns.encode((*key, *amounts) for key, amounts in delta.items())
            if zeros := await connection.fetch(self.columns.increment_returning_zeros, rows):
                await connection.execute(
                    self.columns.delete_zero_rows, self.columns.encode(map(tuple, zeros))
                )


def add_amounts(sums: dict[Key, list[int]], key: Key, amounts: Amounts, sign: int) -> None:
    """Add the amounts times the sign to the sums of the key."""
    if (sum := sums.get(key)) is None:
        sums[key] = [sign * amount for amount in amounts]
    else:
        for index, amount in enumerate(amounts):
            sum[index] += sign * amount


@dataclass(frozen=True)
class RollupRowProjection(RowProjection):
    """A RowProjection with rollups.

    `inputs`: the columns that the rollups read. `derive`: completes a row with values that several rollups would compute.
    """

    rollups: Sequence[Rollup] = ()
    inputs: Sequence[str] = ()
    derive: Callable[[State], State] = lambda state: state

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table, *(rollup.table for rollup in self.rollups))

    def collectors(self) -> list[RowCollector]:
        return [RollupRowCollector(self, topic, columns) for topic, columns in sorted(self.topics().items())]


class RowChanges(NamedTuple):
    """Rows to be written, and before and after of those whose rollup inputs have changed."""

    rows: list[State]
    changed: dict[Key, Change]


class RollupRowCollector(RowCollector):
    """One topic's columns of the rows, and the rollups that follow from them."""

    def __init__(self, projection: RollupRowProjection, topic: str, columns: Iterable[str]) -> None:
        super().__init__(projection, topic, columns)
        self.rollups, self.derive = projection.rollups, projection.derive
        own = set(self.columns.names)
        self.inputs = itemgetter(*(name for name in projection.inputs if name in own))
        self.others = sql_of(projection.table, set(projection.inputs) - own)

    def drain(self) -> RowChanges | None:
        inputs, previous = self.inputs, self.previous
        rows = super().drain()
        changed = {
            key: (before, after)
            for (key, before), after in zip(previous.items(), rows, strict=True)
            if inputs(before) != inputs(after)
        }
        return RowChanges(rows, changed) if rows else None

    async def save(self, connection: Connection, changes: RowChanges) -> None:
        await super().save(connection, changes.rows)
        if changes.changed:
            complete = await self.complete(connection, changes.changed)
            for rollup in self.rollups:
                await rollup.save(connection, rollup.delta(complete))

    async def complete(self, connection: Connection, changed: Mapping[Key, Change]) -> list[Change]:
        """Return each change with the columns of the other topics as they stand now."""
        others = dict.fromkeys(changed, dict.fromkeys(self.others.names))
        if self.others.values:
            for row in await connection.fetch(self.others.select_existing, self.others.encode(changed)):
                state = self.others.decode(row)
                others[tuple(state[name] for name in self.names)] = state
        derive = self.derive
        return [
            (derive(others[key] | before), derive(others[key] | after))
            for key, (before, after) in changed.items()
        ]
