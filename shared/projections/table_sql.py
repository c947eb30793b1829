"""Set-based SQL of one table: upserts and selects whose rows travel as one JSON document, ordered by the key.

Ordered, so that the locks of two transactions never cross. One document instead of an array per column: asyncpg looks
at each element of an array twice, which cost more than the rows.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB, dialect

DOCUMENT = "convert_from($1::bytea, 'UTF8')::json"
"""The statement's one parameter as JSON; it is bytes, because the driver would decode and encode text again."""
RECORDS = f"json_to_recordset({DOCUMENT})"
"""The document's rows."""


class TableSql:
    """SQL of a table's key and its `values`: all other columns, or the named ones.

    Every statement takes one parameter, the bytes that `encode` returns.
    """

    def __init__(self, table: Table, names: Iterable[str] | None = None) -> None:
        self.table = str(table.name)
        self.key = list(table.primary_key.columns)
        named = {column.name for column in table.columns} if names is None else set(names)
        self.values = [column for column in table.columns if column.name in named and not column.primary_key]
        self.names = [column.name for column in (*self.key, *self.values)]
        self.json_columns = [column.name for column in self.values if isinstance(column.type, JSONB)]

    def _document_rows(self, columns: Sequence[Column[Any]]) -> str:
        """Return a select of the document's rows, ordered by key."""
        typed = ", ".join(f'"{column.name}" {sql_type(column)}' for column in columns)
        order = ", ".join(str(n) for n, column in enumerate(columns, start=1) if column.primary_key)
        return f"select * from {RECORDS} as given ({typed}) order by {order}"

    def _insert(self, conflict: str) -> str:
        columns = [*self.key, *self.values]
        rows = self._document_rows(columns)
        return f"insert into {self.table} as t ({quoted(columns)}) {rows} on conflict {conflict}"

    def _upsert_with(self, value: str) -> str:
        sets = ", ".join(f'"{column.name}" = {value.format(name=column.name)}' for column in self.values)
        return self._insert(f"({quoted(self.key)}) do update set {sets}" if sets else "do nothing")

    def select_list(self) -> str:
        """Return the columns as `decode` reads them."""
        columns = [*self.key, *self.values]
        return ", ".join(f't."{c.name}"{"::text" if is_text(c) else ""} as "{c.name}"' for c in columns)

    @cached_property
    def select_by_key(self) -> str:
        """Select rows by their keys, without locks. One index probe per key: a join might read the whole table."""
        match = " and ".join(f't."{column.name}" = k."{column.name}"' for column in self.key)
        row = f"select * from {self.table} t where {match} limit 1"
        keys = self._document_rows(self.key)
        return f"select {self.select_list()} from ({keys}) as k cross join lateral ({row}) t"

    @cached_property
    def select_existing(self) -> str:
        """Select by key the rows of which any value is not null."""
        return f"{self.select_by_key} where " + " or ".join(f't."{c.name}" is not null' for c in self.values)

    def upsert_min(self, name: str) -> str:
        """Insert rows, or lower the named column of existing ones where the new value is less or there was none."""
        less = f't."{name}" is null or excluded."{name}" < t."{name}"'
        return self._insert(f'({quoted(self.key)}) do update set "{name}" = excluded."{name}" where {less}')

    @cached_property
    def delete_zero_rows(self) -> str:
        """Delete rows by their keys where all values are zero."""
        match = " and ".join(f't."{column.name}" = k."{column.name}"' for column in self.key)
        zero = " and ".join(f't."{column.name}" = 0' for column in self.values)
        row = f"select t.ctid from {self.table} t where {match} and {zero} limit 1"
        rows = f"select t.ctid from ({self._document_rows(self.key)}) as k cross join lateral ({row}) t"
        return f"delete from {self.table} where ctid = any(array({rows}))"

    @cached_property
    def upsert(self) -> str:
        """Insert rows, or replace the values of existing ones; columns that are not named stay as they are."""
        return self._upsert_with('excluded."{name}"')

    @cached_property
    def increment(self) -> str:
        """Insert rows, or add their values to existing ones."""
        return self._upsert_with('t."{name}" + excluded."{name}"')

    @cached_property
    def increment_returning_zeros(self) -> str:
        """Increment, and return the keys of the rows whose values have all become zero."""
        zero = " and ".join(f'"{column.name}" = 0' for column in self.values)
        keys = ", ".join(f'"{c.name}"{"::text" if is_text(c) else ""}' for c in self.key)
        return f"with changed as ({self.increment} returning t.*) select {keys} from changed where {zero}"

    @cached_property
    def insert_ignore(self) -> str:
        """Insert rows whose key does not exist yet."""
        return self._insert("do nothing")

    def encode(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """Return rows, in the order of `names`, or keys alone, as a statement's parameter."""
        return json(list(map(dict, map(zip, repeat(self.names), rows))))

    def decode(self, row: Any) -> dict[str, Any]:
        """Return a selected row as plain JSON values by column."""
        state = {name: row[name] for name in self.names}
        for name in self.json_columns:
            state[name] = None if state[name] is None else orjson.loads(state[name])
        return state


def json(rows: Any) -> bytes:
    """Return rows as a statement's parameter."""
    return orjson.dumps(rows)


def quoted(columns: Sequence[Column[Any]]) -> str:
    """Return the columns' names, quoted and separated by commas."""
    return ", ".join(f'"{column.name}"' for column in columns)


def sql_type(column: Column[Any]) -> str:
    """Return the column's PostgreSQL type."""
    return column.type.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def is_text(column: Column[Any]) -> bool:
    """Return whether the column is text in JSON: everything but numbers and booleans."""
    return not isinstance(column.type, BigInteger | Integer | Boolean)
