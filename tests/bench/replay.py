"""The statements that one request really executes, captured from the product and repeated with other values.

A value that differs from request to request is known by name; wherever it stands in a parameter, also within a
longer text, another one is put there.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import event

from shared.database.engine import Database


class Statement(NamedTuple):
    sql: str
    arguments: tuple[Any, ...] = ()


@contextmanager
def listening(database: Database) -> Iterator[list[Statement]]:
    """What the database's connections execute, in order; they are opened within the block."""
    heard: list[Statement] = []

    def connected(adapted: Any, _: Any) -> None:
        adapted.driver_connection.add_query_logger(
            lambda said: heard.append(Statement(said.query, said.args))
        )

    def executed(_: Any, __: Any, sql: str, arguments: Any, ___: Any, many: bool) -> None:
        assert not many, f"one statement, many rows: cannot be repeated: {sql}"
        heard.append(Statement(sql, tuple(arguments)))

    engine = database.engine.sync_engine
    event.listen(engine, "connect", connected)
    event.listen(engine, "before_cursor_execute", executed)
    try:
        yield heard
    finally:
        event.remove(engine, "connect", connected)
        event.remove(engine, "before_cursor_execute", executed)


async def capture(database: Database, ask: Callable[[], Awaitable[Any]]) -> list[Statement]:
    """Those of the second request: what is prepared and learnt once is left out."""
    await database.engine.dispose()
    with listening(database) as heard:
        await ask()
        await asyncio.sleep(0)  # asyncpg tells its loggers of a statement in the loop's next turn
        heard.clear()
        await ask()
        await asyncio.sleep(0)
        assert (heard[0].sql, heard[-1].sql) == ("BEGIN;", "COMMIT;"), f"no whole transaction: {heard}"
        return list(heard)


class Var(NamedTuple):
    name: str


Part = str | Var


class Text(NamedTuple):
    """A text (`binary`: its bytes) of fixed parts and named values."""

    parts: tuple[Part, ...]
    binary: bool = False

    def put(self, values: Mapping[str, str]) -> str | bytes:
        text = "".join(values[part.name] if isinstance(part, Var) else part for part in self.parts)
        return text.encode() if self.binary else text


class Id(NamedTuple):
    """A UUID that is named."""

    name: str


class Pattern(NamedTuple):
    """A statement whose parameters are fixed, or hold named values."""

    sql: str
    parameters: tuple[Any, ...]

    def put(self, values: Mapping[str, str]) -> list[Any]:
        return [_put(one, values) for one in self.parameters]


def _put(parameter: Any, values: Mapping[str, str]) -> Any:
    if isinstance(parameter, Id):
        return UUID(values[parameter.name])
    return parameter.put(values) if isinstance(parameter, Text) else parameter


def patterns(statements: Sequence[Statement], known: Mapping[str, str]) -> list[Pattern]:
    """`known`: the named values of this request; its UUIDs that nobody named are called fresh-1, fresh-2, …"""
    names = {value: name for name, value in known.items()}
    ids = [str(one) for said in statements for one in said.arguments if isinstance(one, UUID)]
    fresh = [one for one in dict.fromkeys(ids) if one not in names]
    names |= {one: f"fresh-{number}" for number, one in enumerate(fresh, 1)}
    return [Pattern(sql, tuple(_parameter(one, names) for one in arguments)) for sql, arguments in statements]


def _parameter(argument: Any, names: Mapping[str, str]) -> Any:
    if isinstance(argument, UUID):
        return Id(names[str(argument)])
    if isinstance(argument, str):
        return _text(argument, names) or argument
    if isinstance(argument, bytes | bytearray):
        text = bytes(argument).decode(errors="replace")
        return _text(text, names, binary=True) or bytes(argument)
    return argument


def _text(given: str, names: Mapping[str, str], binary: bool = False) -> Text | None:
    parts = re.split(f"({'|'.join(map(re.escape, names))})", given)
    found = [Var(names[part]) if part in names else part for part in parts if part]
    return Text(tuple(found), binary) if any(isinstance(one, Var) for one in found) else None
