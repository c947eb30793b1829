"""Read the tables of every service as the auditor's own role, which may write none of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

# Projections are read in the generation that is live; its schemas are named in this row.
LIVE_GENERATION = "select set_config('search_path', search_path, $1) from monitoring.live_projection"
SETTINGS = {"default_transaction_read_only": "on", "application_name": "ieum-audit", "jit": "off"}
PREFETCH = 5_000  # rows that a cursor fetches at a time


@dataclass(frozen=True)
class Database:
    """One connection; SQL names the schema of each table, but of the board's projections."""

    connection: "asyncpg.Connection[Any]"

    async def rows(self, sql: str, *parameters: Any) -> Sequence[Any]:
        """Return all rows of a query with a small result, such as sums by budget line."""
        return list(await self.connection.fetch(sql, *parameters))

    async def stream(self, sql: str, *parameters: Any) -> AsyncIterator[Any]:
        """Yield the rows through a server-side cursor, so that memory does not grow with their number."""
        async for row in self.connection.cursor(sql, *parameters, prefetch=PREFETCH):
            yield row

    async def read_live_generation(self, *, for_transaction: bool) -> None:
        """Let unqualified names be the tables of the live generation of projections, until it is called again."""
        await self.connection.fetch(LIVE_GENERATION, for_transaction)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    """Connect; each query sees what is committed by then."""
    connection = await asyncpg.connect(url, server_settings=SETTINGS, timeout=10)
    try:
        yield Database(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Database]:
    """Connect; all queries on all schemas see the database as of now."""
    async with (
        connected(url) as database,
        database.connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await database.read_live_generation(for_transaction=True)
        yield database
