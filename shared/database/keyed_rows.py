"""Rows by key for hot paths: found, inserted and updated through asyncpg, without a unit of work.

A changed row is not saved by itself: the caller updates it.
"""

from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import JSON, Table
from sqlalchemy.orm import class_mapper
from sqlalchemy.orm.instrumentation import ClassManager
from sqlmodel import SQLModel

from shared.database.engine import Executor, fetch_raw

Row = TypeVar("Row", bound=SQLModel)


class Lock(StrEnum):
    """Lock that `find` takes on the row, until the transaction ends."""

    NONE = ""
    SHARE = "for share"
    UPDATE = "for update"


class Column(NamedTuple):
    """A column: attribute name, quoted SQL name, whether it holds JSON (written as text), whether it is in the key."""

    name: str
    sql: str
    json: bool
    key: bool


async def find(executor: Executor, model: type[Row], *key: Any, lock: Lock = Lock.NONE) -> Row | None:
    """Return the row with the key, None where there is none."""
    rows = await fetch_raw(executor, _select(model, lock), *key)
    return _from_values(model, rows[0]) if rows else None


async def insert(executor: Executor, row: SQLModel) -> None:
    """Insert the row. Raises asyncpg's errors."""
    await fetch_raw(executor, _insert(type(row)), *_to_values(row, _columns(type(row))))


async def update(executor: Executor, row: SQLModel) -> None:
    """Write all columns of the row with this key."""
    keys, others = _split(type(row))
    await fetch_raw(executor, _update(type(row)), *_to_values(row, [*keys, *others]))


@cache
def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it to each class with table=True
    return table


@cache
def _columns(model: type[SQLModel]) -> list[Column]:
    return [
        Column(column.name, f'"{column.name}"', isinstance(column.type, JSON), column.primary_key)
        for column in _table(model).columns
    ]


@cache
def _names(model: type[SQLModel]) -> list[str]:
    return [column.name for column in _columns(model)]


@cache
def _manager(model: type[SQLModel]) -> ClassManager[Any]:
    manager: ClassManager[Any] = class_mapper(model).class_manager
    return manager


@cache
def _split(model: type[SQLModel]) -> tuple[list[Column], list[Column]]:
    """Return the columns of the key and the others."""
    columns = _columns(model)
    return [column for column in columns if column.key], [column for column in columns if not column.key]


@cache
def _select(model: type[SQLModel], lock: Lock) -> str:
    names = ", ".join(column.sql for column in _columns(model))
    return f'select {names} from "{_table(model).name}" where {_by_key(model)} {lock}'


@cache
def _insert(model: type[SQLModel]) -> str:
    columns = _columns(model)
    names = ", ".join(column.sql for column in columns)
    parameters = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    return f'insert into "{_table(model).name}" ({names}) values ({parameters})'


@cache
def _update(model: type[SQLModel]) -> str:
    keys, others = _split(model)
    sets = ", ".join(f"{column.sql} = ${number}" for number, column in enumerate(others, len(keys) + 1))
    return f'update "{_table(model).name}" set {sets} where {_by_key(model)}'


def _by_key(model: type[SQLModel]) -> str:
    keys, _ = _split(model)
    return " and ".join(f"{column.sql} = ${number}" for number, column in enumerate(keys, 1))


def _from_values(model: type[Row], values: Any) -> Row:
    """Return a row as SQLAlchemy loads it; the constructor would validate each value again."""
    row: Row = _manager(model).new_instance()
    vars(row).update(zip(_names(model), values, strict=True))
    return row


def _to_values(row: SQLModel, columns: list[Column]) -> list[Any]:
    values = [(column, getattr(row, column.name)) for column in columns]
    return [
        orjson.dumps(value).decode() if column.json and value is not None else value
        for column, value in values
    ]
