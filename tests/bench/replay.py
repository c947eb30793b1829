"""Statements of a request, captured from the product and replayed with other values.

A value that differs from request to request has a name; it is replaced wherever it occurs in a parameter, even within
a longer text.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

from shared.database.engine import Database


class Statement(NamedTuple):
    sql: str
    arguments: tuple[Any, ...] = ()


@asynccontextmanager
async def recorded_statements(database: Database) -> AsyncIterator[list[Statement]]:
    """Record the statements of the database's connection, in order; the block makes one request at a time."""
    statements: list[Statement] = []
    await database.close()
    async with database.transaction() as transaction:  # the pool gives out the connection released last
        connection = await transaction.connection()
        connection.add_query_logger(
            lambda logged: statements.append(Statement(logged.query, tuple(logged.args)))
        )
    try:
        yield statements
    finally:
        await database.close()


async def capture(database: Database, request: Callable[[], Awaitable[Any]]) -> list[Statement]:
    """Return the statements of the second of two requests: the first also prepares and caches."""
    async with recorded_statements(database) as statements:
        await request()
        await asyncio.sleep(0)  # asyncpg calls its query loggers in the event loop's next iteration
        statements.clear()
        await request()
        await asyncio.sleep(0)
        ends = (statements[0].sql, statements[-1].sql)
        assert ends == ("begin", "commit"), f"no whole transaction: {statements}"
        return list(statements)


class Value(NamedTuple):
    name: str


Part = str | Value


class Text(NamedTuple):
    """A text of fixed parts and named values, or its bytes (`binary`)."""

    parts: tuple[Part, ...]
    binary: bool = False

    def fill(self, values: Mapping[str, str]) -> str | bytes:
        text = "".join(values[part.name] if isinstance(part, Value) else part for part in self.parts)
        return text.encode() if self.binary else text


class Id(NamedTuple):
    """A UUID with a name."""

    name: str


class Pattern(NamedTuple):
    """A statement with fixed parameters and parameters that contain named values."""

    sql: str
    parameters: tuple[Any, ...]

    def fill(self, values: Mapping[str, str]) -> list[Any]:
        return [_fill(parameter, values) for parameter in self.parameters]


def _fill(parameter: Any, values: Mapping[str, str]) -> Any:
    if isinstance(parameter, Id):
        return UUID(values[parameter.name])
    return parameter.fill(values) if isinstance(parameter, Text) else parameter


def patterns(statements: Sequence[Statement], values: Mapping[str, str]) -> list[Pattern]:
    """Return the statements with named values. `values`: those of this request; other UUIDs become fresh-1, fresh-2, …"""
    names = {value: name for name, value in values.items()}
    arguments = [argument for statement in statements for argument in statement.arguments]
    ids = [str(argument) for argument in arguments if isinstance(argument, UUID)]
    fresh = [id for id in dict.fromkeys(ids) if id not in names]
    names |= {id: f"fresh-{number}" for number, id in enumerate(fresh, 1)}
    return [
        Pattern(sql, tuple(_parameter(argument, names) for argument in arguments))
        for sql, arguments in statements
    ]


def _parameter(argument: Any, names: Mapping[str, str]) -> Any:
    if isinstance(argument, UUID):
        return Id(names[str(argument)])
    if isinstance(argument, str):
        return _text(argument, names) or argument
    if isinstance(argument, bytes | bytearray):
        text = bytes(argument).decode(errors="replace")
        return _text(text, names, binary=True) or bytes(argument)
    return argument


def _text(text: str, names: Mapping[str, str], binary: bool = False) -> Text | None:
    pieces = re.split(f"({'|'.join(map(re.escape, names))})", text)
    parts = [Value(names[piece]) if piece in names else piece for piece in pieces if piece]
    return Text(tuple(parts), binary) if any(isinstance(part, Value) for part in parts) else None
