"""The SQL of one table, whatever its columns: rows in as one JSON, set-based, in the order of the key so that locks never cross.

One document instead of an array a column: asyncpg looks at each element of an array twice, which cost more than the rows.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB, dialect

DOCUMENT = "convert_from($1::bytea, 'UTF8')::json"
"""A statement's one parameter, which is bytes: as text the driver would decode and encode it again."""
RECORDS = f"json_to_recordset({DOCUMENT})"
"""Its rows."""


class TableSql:
    """A table's key, and `rest`: its other columns, or those of them that are named."""

    def __init__(self, table: Table, named: Iterable[str] | None = None) -> None:
        self.table = table.name
        self.key = list(table.primary_key.columns)
        wanted = {column.name for column in table.columns} if named is None else set(named)
        self.values = [one for one in table.columns if one.name in wanted and not one.primary_key]
        self.names = [column.name for column in (*self.key, *self.values)]
        self.json_columns = [column.name for column in self.values if isinstance(column.type, JSONB)]

    def _document_rows(self, columns: Sequence[Column[Any]]) -> str:
        """The rows that the statement's one parameter brings, ordered by key."""
        typed = ", ".join(f'"{column.name}" {sql_type(column)}' for column in columns)
        order = ", ".join(str(n) for n, column in enumerate(columns, start=1) if column.primary_key)
        return f"select * from {RECORDS} as given ({typed}) order by {order}"

    def _insert(self, conflict: str) -> str:
        all = [*self.key, *self.values]
        return (
            f"insert into {self.table} as t ({quoted(all)}) {self._document_rows(all)} on conflict {conflict}"
        )

    def _upsert_with(self, value: str) -> str:
        sets = ", ".join(f'"{c.name}" = {value.format(name=c.name)}' for c in self.values)
        return self._insert(f"({quoted(self.key)}) do update set {sets}" if sets else "do nothing")

    def select_list(self) -> str:
        """All columns as `state` wants them."""
        all = [*self.key, *self.values]
        return ", ".join(f't."{c.name}"{"::text" if is_text(c) else ""} as "{c.name}"' for c in all)

    @cached_property
    def select_by_key(self) -> str:
        """Rows by their keys; not locked. One probe of the index a key: a join might read the whole table."""
        match = " and ".join(f't."{c.name}" = k."{c.name}"' for c in self.key)
        one = f"select * from {self.table} t where {match} limit 1"
        return f"select {self.select_list()} from ({self._document_rows(self.key)}) as k cross join lateral ({one}) t"

    @cached_property
    def select_existing(self) -> str:
        """The same, without rows of whose other columns none is known."""
        return f"{self.select_by_key} where " + " or ".join(f't."{c.name}" is not null' for c in self.values)

    def upsert_min(self, name: str) -> str:
        """Rows whose one other column is what it was before, or the lesser of both."""
        less = f't."{name}" is null or excluded."{name}" < t."{name}"'
        return self._insert(f'({quoted(self.key)}) do update set "{name}" = excluded."{name}" where {less}')

    @cached_property
    def delete_zero_rows(self) -> str:
        """Rows by their keys, where all the rest is zero; they are ours until we commit."""
        match = " and ".join(f't."{c.name}" = k."{c.name}"' for c in self.key)
        empty = " and ".join(f't."{c.name}" = 0' for c in self.values)
        one = f"select t.ctid from {self.table} t where {match} and {empty} limit 1"
        found = f"select t.ctid from ({self._document_rows(self.key)}) as k cross join lateral ({one}) t"
        return f"delete from {self.table} where ctid = any(array({found}))"

    @cached_property
    def upsert(self) -> str:
        """Rows as they are now; columns that are not ours are left alone."""
        return self._upsert_with('excluded."{name}"')

    @cached_property
    def increment(self) -> str:
        return self._upsert_with('t."{name}" + excluded."{name}"')

    @cached_property
    def increment_returning_zeros(self) -> str:
        """The same, and the keys where all the rest has become zero."""
        empty = " and ".join(f'"{c.name}" = 0' for c in self.values)
        keys = ", ".join(f'"{c.name}"{"::text" if is_text(c) else ""}' for c in self.key)
        return f"with moved as ({self.increment} returning t.*) select {keys} from moved where {empty}"

    @cached_property
    def insert_ignore(self) -> str:
        return self._insert("do nothing")

    def encode(self, values: Iterable[Sequence[Any]]) -> bytes:
        """The parameter of values in the order of `names`; of keys alone, where the rest is left out."""
        return json(list(map(dict, map(zip, repeat(self.names), values))))

    def decode(self, row: Any) -> dict[str, Any]:
        state = {name: row[name] for name in self.names}
        for name in self.json_columns:
            state[name] = None if state[name] is None else orjson.loads(state[name])
        return state


def json(rows: Any) -> bytes:
    return orjson.dumps(rows)


def quoted(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def sql_type(column: Column[Any]) -> str:
    return column.type.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def is_text(column: Column[Any]) -> bool:
    """Everything but numbers and truth is text, as in JSON."""
    return not isinstance(column.type, BigInteger | Integer | Boolean)
