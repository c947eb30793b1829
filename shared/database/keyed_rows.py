"""Rows by key for hot paths, read and written by asyncpg past the unit of work.

Nothing is saved by itself: who changes a row says `save`.
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
    """What a row is found with."""

    NONE = ""
    SHARE = "for share"
    UPDATE = "for update"


class Column(NamedTuple):
    """A column's name as the row has it, as SQL has it, and whether it holds JSON, which is written as text."""

    name: str
    sql: str
    json: bool
    key: bool


async def find(executor: Executor, model: type[Row], *key: Any, lock: Lock = Lock.NONE) -> Row | None:
    found = await fetch_raw(executor, _select(model, lock), *key)
    return _from_values(model, found[0]) if found else None


async def insert(executor: Executor, row: SQLModel) -> None:
    await fetch_raw(executor, _insert(type(row)), *_to_values(row, _columns(type(row))))


async def update(executor: Executor, row: SQLModel) -> None:
    """All of it, by its key."""
    keys, others = _split(type(row))
    await fetch_raw(executor, _update(type(row)), *_to_values(row, [*keys, *others]))


@cache
def _table(kind: type[SQLModel]) -> Table:
    found: Table = kind.__table__  # type: ignore[attr-defined]  # SQLModel adds it to each class with table=True
    return found


@cache
def _columns(kind: type[SQLModel]) -> list[Column]:
    return [
        Column(one.name, f'"{one.name}"', isinstance(one.type, JSON), one.primary_key)
        for one in _table(kind).columns
    ]


@cache
def _names(kind: type[SQLModel]) -> list[str]:
    return [one.name for one in _columns(kind)]


@cache
def _manager(kind: type[SQLModel]) -> ClassManager[Any]:
    found: ClassManager[Any] = class_mapper(kind).class_manager
    return found


@cache
def _split(kind: type[SQLModel]) -> tuple[list[Column], list[Column]]:
    columns = _columns(kind)
    return [one for one in columns if one.key], [one for one in columns if not one.key]


@cache
def _select(kind: type[SQLModel], lock: Lock) -> str:
    names = ", ".join(one.sql for one in _columns(kind))
    return f'select {names} from "{_table(kind).name}" where {_by_key(kind)} {lock}'


@cache
def _insert(kind: type[SQLModel]) -> str:
    columns = _columns(kind)
    names, places = ", ".join(one.sql for one in columns), ", ".join(f"${n + 1}" for n in range(len(columns)))
    return f'insert into "{_table(kind).name}" ({names}) values ({places})'


@cache
def _update(kind: type[SQLModel]) -> str:
    keys, others = _split(kind)
    put = ", ".join(f"{one.sql} = ${number}" for number, one in enumerate(others, len(keys) + 1))
    return f'update "{_table(kind).name}" set {put} where {_by_key(kind)}'


def _by_key(kind: type[SQLModel]) -> str:
    keys, _ = _split(kind)
    return " and ".join(f"{one.sql} = ${number}" for number, one in enumerate(keys, 1))


def _from_values(kind: type[Row], values: Any) -> Row:
    """As SQLAlchemy itself makes a row that it read: the constructor would look at each value once more."""
    row: Row = _manager(kind).new_instance()
    vars(row).update(zip(_names(kind), values, strict=True))
    return row


def _to_values(row: SQLModel, columns: list[Column]) -> list[Any]:
    given = [(one, getattr(row, one.name)) for one in columns]
    return [orjson.dumps(value).decode() if one.json and value is not None else value for one, value in given]
