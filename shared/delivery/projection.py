"""What a projection is: a fold of facts into the rows of one table. Nothing else writes that table.

    RowProjection   (state, fact) -> state, one row a key; rows are made, then locked in key order
    SumProjection   fact -> amounts that are added to tiles
    ListProjection  fact -> rows that are kept, one or more an event

States and rows are plain values as JSON has them: dates and ids are text, won are int.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB, dialect
from sqlmodel import SQLModel

from shared.db import Connection
from shared.events import Event

Key = tuple[Any, ...]
State = dict[str, Any]


class Fact(NamedTuple):
    """An event of ours as a projection gets it: `occurred_on` and `recorded_at` are ISO text."""

    type: str
    source: str
    id: str
    subject: str
    sequence: int
    occurred_on: str
    recorded_at: str
    data: dict[str, Any]
    authid: str | None


class Projection(Protocol):
    """A pure fold and its table: `fold` says what a fact changes, `take` collects it, `save` writes it."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> Sequence[type[SQLModel]]: ...

    @property
    def hears(self) -> frozenset[type[Event]]: ...

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> Any: ...

    def fold(self, collected: Any, fact: Fact) -> Any: ...

    def take(self, collected: Any, change: Any) -> None: ...

    async def save(self, connection: Connection, collected: Any) -> None: ...


class Columns:
    """The SQL of one table, whatever its columns: arrays in, set-based."""

    def __init__(self, table: Table) -> None:
        self.name = table.name
        self.all = list(table.columns)
        self.key = list(table.primary_key.columns)
        self.rest = [column for column in self.all if column not in self.key]

    def arrays(self, columns: Sequence[Column[Any]]) -> str:
        """`select` of typed columns from parameter arrays, ordered by key so that locks never cross."""
        names = [f'"{column.name}"' for column in columns]
        typed = [f"u.{name}::{sql_type(column)}" for name, column in zip(names, columns, strict=True)]
        given = [f"${n}::{array_type(column)}[]" for n, column in enumerate(columns, start=1)]
        order = ", ".join(str(n + 1) for n, column in enumerate(columns) if column.primary_key)
        return f"select {', '.join(typed)} from unnest({', '.join(given)}) as u({', '.join(names)}) order by {order}"

    def insert(self, columns: Sequence[Column[Any]], conflict: str) -> str:
        return (
            f"insert into {self.name} as t ({names(columns)}) {self.arrays(columns)} on conflict {conflict}"
        )

    @cached_property
    def make(self) -> str:
        return self.insert(self.key, "do nothing")

    @cached_property
    def lock(self) -> str:
        read = ", ".join(f't."{c.name}"{"::text" if is_text(c) else ""} as "{c.name}"' for c in self.all)
        using = " and ".join(f't."{c.name}" = k."{c.name}"' for c in self.key)
        order = ", ".join(f't."{c.name}"' for c in self.key)
        keys = f"({self.arrays(self.key)}) as k({names(self.key)})"
        return f"select {read} from {self.name} t join {keys} on {using} order by {order} for update of t"

    @cached_property
    def update(self) -> str:
        sets = ", ".join(f'"{c.name}" = s."{c.name}"' for c in self.rest)
        where = " and ".join(f't."{c.name}" = s."{c.name}"' for c in self.key)
        return f"update {self.name} t set {sets} from ({self.arrays(self.all)}) as s({names(self.all)}) where {where}"

    @cached_property
    def add(self) -> str:
        sums = ", ".join(f'"{c.name}" = t."{c.name}" + excluded."{c.name}"' for c in self.rest)
        return self.insert(self.all, f"({names(self.key)}) do update set {sums}")

    @cached_property
    def keep(self) -> str:
        return self.insert(self.all, "do nothing")

    def parameters(self, columns: Sequence[Column[Any]], rows: Iterable[State]) -> list[list[Any]]:
        """One array a column."""
        rows = list(rows)
        return [[into(column, row[column.name]) for row in rows] for column in columns]

    def state(self, row: Any) -> State:
        return {column.name: out_of(column, row[column.name]) for column in self.all}


def tables_of(projections: Iterable[Projection]) -> list[str]:
    """The names of all tables that these write."""
    return sorted({str(table.__tablename__) for one in projections for table in one.tables})


def names(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def sql_type(column: Column[Any]) -> str:
    return column.type.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def array_type(column: Column[Any]) -> str:
    return "text" if is_text(column) else sql_type(column)


def is_text(column: Column[Any]) -> bool:
    """Everything but numbers and truth travels as text, and Postgres reads it."""
    return not isinstance(column.type, BigInteger | Integer | Boolean)


def into(column: Column[Any], value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(column.type, JSONB) and value is not None else value


def out_of(column: Column[Any], value: Any) -> Any:
    return orjson.loads(value) if isinstance(column.type, JSONB) and value is not None else value


@dataclass(frozen=True)
class TableProjection:
    """What the three kinds have in common."""

    name: str
    table: type[SQLModel]

    @property
    def tables(self) -> Sequence[type[SQLModel]]:
        return (self.table,)

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.table.__table__)  # type: ignore[attr-defined]  # not in its types


@dataclass(frozen=True)
class RowProjection(TableProjection):
    """One row a key. Columns outside the key may be null: a row begins with its key alone."""

    key: Callable[[Fact], Key]
    folds: Mapping[type[Event], Callable[[State, Fact], State]]

    @cached_property
    def by_type(self) -> dict[str, Callable[[State, Fact], State]]:
        return {event.type(): fold for event, fold in self.folds.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.folds)

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> dict[Key, State]:
        """Rows are made, then locked: two instances may fold two topics of one key at once."""
        keys = sorted({self.key(fact) for fact in facts if fact.type in self.by_type})
        if not keys:
            return {}
        key = self.columns.key
        arrays = [list(column) for column in zip(*keys, strict=True)]
        await connection.execute(self.columns.make, *arrays)
        found = [self.columns.state(row) for row in await connection.fetch(self.columns.lock, *arrays)]
        return {tuple(state[column.name] for column in key): state for state in found}

    def fold(self, collected: dict[Key, State], fact: Fact) -> dict[Key, State]:
        if fold := self.by_type.get(fact.type):
            key = self.key(fact)
            return {key: fold(collected[key], fact)}
        return {}

    def take(self, collected: dict[Key, State], change: dict[Key, State]) -> None:
        collected.update(change)

    async def save(self, connection: Connection, collected: dict[Key, State]) -> None:
        if collected and self.columns.rest:
            rows = self.columns.parameters(self.columns.all, collected.values())
            await connection.execute(self.columns.update, *rows)


@dataclass(frozen=True)
class SumProjection(TableProjection):
    """Tiles: the table's one column outside the key is the sum."""

    tiles: Mapping[type[Event], Callable[[Fact], Iterable[tuple[Key, int]]]]

    @cached_property
    def by_type(self) -> dict[str, Callable[[Fact], Iterable[tuple[Key, int]]]]:
        return {event.type(): tiles for event, tiles in self.tiles.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.tiles)

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> dict[Key, int]:
        return {}

    def fold(self, collected: dict[Key, int], fact: Fact) -> list[tuple[Key, int]]:
        return list(tiles(fact)) if (tiles := self.by_type.get(fact.type)) else []

    def take(self, collected: dict[Key, int], change: list[tuple[Key, int]]) -> None:
        for key, amount in change:
            collected[key] = collected.get(key, 0) + amount

    async def save(self, connection: Connection, collected: dict[Key, int]) -> None:
        if collected:
            await connection.execute(
                self.columns.add, *map(list, zip(*((*k, v) for k, v in collected.items()), strict=True))
            )


@dataclass(frozen=True)
class ListProjection(TableProjection):
    """Rows that are kept as they are, one or more an event."""

    rows: Mapping[type[Event], Callable[[Fact], Iterable[State]]]

    @cached_property
    def by_type(self) -> dict[str, Callable[[Fact], Iterable[State]]]:
        return {event.type(): rows for event, rows in self.rows.items()}

    @property
    def hears(self) -> frozenset[type[Event]]:
        return frozenset(self.rows)

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> list[State]:
        return []

    def fold(self, collected: list[State], fact: Fact) -> list[State]:
        return list(rows(fact)) if (rows := self.by_type.get(fact.type)) else []

    def take(self, collected: list[State], change: list[State]) -> None:
        collected.extend(change)

    async def save(self, connection: Connection, collected: list[State]) -> None:
        if collected:
            await connection.execute(self.columns.keep, *self.columns.parameters(self.columns.all, collected))
