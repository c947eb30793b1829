"""Each service's tables, read as their owner in one snapshot, and never written."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import asyncpg
import orjson

READ_ONLY = {"default_transaction_read_only": "on", "application_name": "ieum-verify", "jit": "off"}

LOGGED = """
    select position, id::text as id, topic, subject, sequence, type, occurred_on, attributes::text as attributes, data
    from event_log order by position
"""


@dataclass(frozen=True)
class Logged:
    """An event as the service that gave it out keeps it."""

    service: str
    position: int
    id: str
    topic: str
    subject: str
    sequence: int
    type: str
    occurred_on: date
    attributes: Mapping[str, str]
    data: str

    @property
    def name(self) -> str:
        """The type without prefix and version, such as tranche.approved."""
        return self.type.removeprefix("kr.ieum.").rpartition(".v")[0]

    @cached_property
    def body(self) -> dict[str, Any]:
        return dict(orjson.loads(self.data))


@dataclass(frozen=True)
class Books:
    """The four schemas."""

    connections: Mapping[str, asyncpg.Connection]

    async def rows(self, service: str, sql: str, *parameters: Any) -> Sequence[Any]:
        """Rows of a question to one service's schema."""
        return list(await self.connections[service].fetch(sql, *parameters))

    async def logged(self, service: str) -> list[Logged]:
        """Every event that the service ever gave out, in its order."""
        return [logged(service, row) for row in await self.rows(service, LOGGED)]


def logged(service: str, row: Any) -> Logged:
    return Logged(service=service, **{**row, "attributes": orjson.loads(row["attributes"])})


@asynccontextmanager
async def opened(owners: Mapping[str, str], *, snapshot: bool) -> AsyncIterator[Books]:
    """All schemas; with `snapshot` every question is answered as of the first one."""
    async with AsyncExitStack() as stack:
        connections = {
            service: await _connected(stack, service, url, snapshot) for service, url in owners.items()
        }
        yield Books(connections)


async def _connected(
    stack: AsyncExitStack, service: str, url: str, snapshot: bool
) -> "asyncpg.Connection[Any]":
    connection = await asyncpg.connect(url, server_settings=READ_ONLY | {"search_path": service}, timeout=10)
    stack.push_async_callback(connection.close)
    if snapshot:
        await stack.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
        await connection.fetch("select")
    return connection
