"""A transaction of a command or of a query: rows found, inserted and updated, each by a statement of its own.

A changed row is not saved by itself: the caller updates it. A command has four steps: load, decide, save, emit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

import asyncpg
import orjson
from sqlalchemy import JSON, Column, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlmodel import SQLModel
from sqlmodel.sql.expression import SelectOfScalar

Connection = asyncpg.Connection
Model = TypeVar("Model", bound=SQLModel)
Found_co = TypeVar("Found_co", covariant=True)

DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types


class Row(asyncpg.Record):
    """A row whose columns are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Lock(StrEnum):
    """Lock that `find` takes on the row, until the transaction ends."""

    NONE = ""
    SHARE = "for share"
    UPDATE = "for update"


class Query(Generic[Found_co]):
    """A SELECT of one model or one column, compiled once; its bind parameters are given by name.

    Defined at the top of a module, so that a wrong column fails when the module is imported:

        TRANCHES = Query(select(Tranche).where(col(Tranche.case_id) == bindparam("case_id")))
        tranches = await transaction.all(TRANCHES, case_id=case_id)
    """

    def __init__(self, statement: SelectOfScalar[Found_co]) -> None:
        compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        [found] = statement.column_descriptions
        self.model: type[SQLModel] | None = found["expr"] if isinstance(found["expr"], type) else None
        self.sql = str(compiled)
        self.parameters: Sequence[str] = compiled.positiontup or ()
        self.constants: dict[str, Any] = compiled.params

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        """Return the arguments in the statement's order. Raises TypeError for a missing or an unknown one."""
        if unknown := given.keys() - set(self.parameters):
            raise TypeError(f"the query has no parameters {sorted(unknown)}")
        values = {name: given.get(name, self.constants[name]) for name in self.parameters}
        if missing := [name for name, value in values.items() if value is None and name not in given]:
            raise TypeError(f"the query needs the parameters {missing}")
        return list(values.values())


class Transaction:
    """One transaction. Its first statement takes a connection from the pool and begins it."""

    def __init__(self, acquire: Callable[[], Awaitable[Connection]]) -> None:
        self._acquire = acquire
        self._connection: Connection | None = None
        self._beginning = asyncio.Lock()

    @classmethod
    def of(cls, connection: Connection) -> "Transaction":
        """Return the transaction that has begun on the connection."""

        async def begun() -> Connection:
            return connection

        return cls(begun)

    async def connection(self) -> Connection:
        async with self._beginning:  # two first statements at once would be two transactions
            if self._connection is None:
                self._connection = await self._acquire()
        return self._connection

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """Return the rows of a statement with $1, $2 …; a row's columns are attributes. Raises asyncpg's errors."""
        return list(await (await self.connection()).fetch(sql, *parameters))

    async def value(self, sql: str, *parameters: Any) -> Any:
        """Return the first column of a statement's first row, None where there is none."""
        return await (await self.connection()).fetchval(sql, *parameters)

    async def all(self, query: Query[Found_co], **parameters: Any) -> list[Found_co]:
        """Return everything that the query finds."""
        rows = await self.fetch(query.sql, *query.arguments(parameters))
        if query.model is None:
            return [row[0] for row in rows]
        found: list[Any] = [_from_row(query.model, row) for row in rows]
        return found

    async def first(self, query: Query[Found_co], **parameters: Any) -> Found_co | None:
        """Return the first that the query finds, None where it finds nothing."""
        return next(iter(await self.all(query, **parameters)), None)

    async def find(self, model: type[Model], *key: Any, lock: Lock = Lock.NONE) -> Model | None:
        """Return the row with the key, None where there is none."""
        rows = await self.fetch(_statements(model).select[lock], *key)
        return _from_row(model, rows[0]) if rows else None

    async def insert(self, *rows: SQLModel) -> None:
        """Insert the rows, in their order; what the database fills in is left to it, and set on the row."""
        for row in rows:
            await self._fill_in(row, _statements(type(row)).insert)

    async def insert_if_new(self, row: SQLModel) -> bool:
        """Insert the row unless one with its key, or another unique value of it, exists; return whether it was new.

        A transaction that is inserting such a row is waited for.
        """
        statements = _statements(type(row))
        return bool(await self.value(statements.insert_if_new, *_values(row, statements.inserted)))

    async def update(self, *rows: SQLModel) -> None:
        """Write all columns of the rows with these keys. Raises LookupError where there is no such row."""
        connection = await self.connection()
        for row in rows:
            statements = _statements(type(row))
            values = _values(row, statements.key + statements.others)
            if await connection.execute(statements.update, *values) == "UPDATE 0":
                raise LookupError(f"{type(row).__name__} has no row {values[: len(statements.key)]}")

    async def replace(self, row: SQLModel) -> None:
        """Insert the row, or write all columns of the one with its key; what the database fills in is as if inserted now."""
        await self._fill_in(row, _statements(type(row)).replace)

    async def _fill_in(self, row: SQLModel, sql: str) -> None:
        statements = _statements(type(row))
        for filled_in in await self.fetch(sql + statements.returning, *_values(row, statements.inserted)):
            for name, value in filled_in.items():
                setattr(row, name, value)


class _Statements(NamedTuple):
    """The statements of a table, and the columns whose values they take: the key, those of an update, of an insert.

    `returning` is appended to an insert or a replace, and returns what the database has filled in.
    """

    key: tuple["Column[Any]", ...]
    others: tuple["Column[Any]", ...]
    inserted: tuple["Column[Any]", ...]
    select: dict[Lock, str]
    insert: str
    insert_if_new: str
    update: str
    replace: str
    returning: str


@cache
def _statements(model: type[SQLModel]) -> _Statements:
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it to each class with table=True
    key = tuple(column for column in table.columns if column.primary_key)
    inserted = tuple(column for column in table.columns if not _is_filled_in(column))
    others = tuple(column for column in table.columns if not column.primary_key and column.identity is None)
    by_key = " and ".join(f"{_quoted(column)} = ${number}" for number, column in enumerate(key, 1))
    names = ", ".join(map(_quoted, table.columns))
    sets = ", ".join(f"{_quoted(column)} = ${number}" for number, column in enumerate(others, len(key) + 1))
    insert = (
        f'insert into "{table.name}" ({", ".join(map(_quoted, inserted))}) values ({_numbered(inserted)})'
    )
    replaced = ", ".join(f"{_quoted(column)} = excluded.{_quoted(column)}" for column in others)
    filled_in = ", ".join(_quoted(column) for column in table.columns if _is_filled_in(column))
    return _Statements(
        key,
        others,
        inserted,
        {lock: f'select {names} from "{table.name}" where {by_key} {lock}' for lock in Lock},
        insert,
        f"{insert} on conflict do nothing returning true",
        f'update "{table.name}" set {sets} where {by_key}',
        f"{insert} on conflict ({', '.join(map(_quoted, key))}) do update set {replaced}",
        f" returning {filled_in}" if filled_in else "",
    )


def _is_filled_in(column: "Column[Any]") -> bool:
    """Return whether the database fills the column in: a number, or the time of the insertion."""
    return column.server_default is not None or column.identity is not None


def _quoted(column: "Column[Any]") -> str:
    return f'"{column.name}"'


def _numbered(columns: Sequence["Column[Any]"]) -> str:
    return ", ".join(f"${number}" for number in range(1, len(columns) + 1))


def _from_row(model: type[Model], row: Any) -> Model:
    return model(**dict(row.items()))


def _values(row: SQLModel, columns: Sequence["Column[Any]"]) -> list[Any]:
    """Return the row's values of the columns; JSON goes to PostgreSQL as text."""
    values = [(column, getattr(row, column.name)) for column in columns]
    return [
        orjson.dumps(value).decode() if isinstance(column.type, JSON) and value is not None else value
        for column, value in values
    ]
