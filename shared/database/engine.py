"""One pool of connections per service, bound to its schema; the one place that begins and commits a service's transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import cast

import asyncpg
import orjson
from sqlalchemy.engine import make_url

from shared.database.transaction import Connection, Row, Transaction

CONNECT_TIMEOUT = 10.0  # seconds
ACQUIRE_TIMEOUT = 30.0
CLOSE_TIMEOUT = 2.0  # also of a rollback

TRANSIENT_SQLSTATES = ("08", "53", "57P", "40", "55P03", "58")
"""Prefixes of the SQLSTATEs of transient errors: connection, resources, shutdown, conflict, lock, system."""

BATCH = "begin; set local plan_cache_mode = force_custom_plan"
# A generic plan costs a board's sums twice the time. The live generation's search path is read in the same snapshot as
# everything that follows, and in the same message.
SNAPSHOT = """
    begin isolation level repeatable read, read only;
    set local plan_cache_mode = force_custom_plan;
    select set_config('search_path', search_path, true) from live_projection
"""


class Database:
    """One service's database: tables carry no schema name, the connection's search path finds them."""

    def __init__(self, url: str, schema: str, pool: int = 10) -> None:
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.schema = schema
        self.pool_size = pool
        self._pool: asyncpg.Pool | None = None

    @property
    def connections(self) -> tuple[int, int]:
        """Return (connections in use, size of the pool)."""
        in_use = self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0
        return in_use, self.pool_size

    @property
    def server_settings(self) -> dict[str, str]:
        return {"search_path": self.schema, "application_name": f"ieum-{self.schema}", "jit": "off"}

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Yield a transaction that begins with its first statement; commit when the block succeeds, roll back when it raises.

        A request that is refused before its first statement costs no connection.
        """
        return self._lazily("begin", "commit")

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        """Yield a read-only transaction that begins with its first statement; all statements see the same moment.

        Projections are read in the generation that is live at that moment.
        """
        return self._lazily(SNAPSHOT, "rollback")

    @asynccontextmanager
    async def batch_transaction(self, search_path: str | None = None) -> AsyncIterator[Connection]:
        """Yield the connection of a transaction that has begun, whose statements are planned for what the tables hold now.

        A plan kept since the tables were empty could read a whole table for each key of a batch. `search_path`: the
        schemas of another generation of projections.
        """
        async with self._begun(BATCH, "commit") as connection:
            if search_path is not None:
                await connection.execute("select set_config('search_path', $1, true)", search_path)
            yield connection

    @asynccontextmanager
    async def _lazily(self, begin: str, end: str) -> AsyncIterator[Transaction]:
        async with AsyncExitStack() as stack:
            yield Transaction(lambda: stack.enter_async_context(self._begun(begin, end)))

    @asynccontextmanager
    async def _begun(self, begin: str, end: str) -> AsyncIterator[Connection]:
        """Yield a pooled connection after the statements `begin`; execute `end` when the block succeeds, else roll back."""
        async with self._acquired() as connection:
            try:
                await connection.execute(begin)
                yield connection
                await _end(connection, end)
            except BaseException:
                await _roll_back(connection)
                raise

    def _acquired(self) -> AbstractAsyncContextManager[Connection]:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self.dsn,
                min_size=0,
                max_size=self.pool_size,
                server_settings=self.server_settings,
                timeout=CONNECT_TIMEOUT,
                record_class=Row,
                init=_exchange_json_as_text,
                reset=_reset_nothing,
            )
        return _acquire(self._pool)

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set at each NOTIFY on the channel, and when the connection is lost."""
        notified = asyncio.Event()
        connection = await asyncpg.connect(
            self.dsn, server_settings=self.server_settings, timeout=CONNECT_TIMEOUT
        )
        try:
            connection.add_termination_listener(lambda *_: notified.set())
            await connection.add_listener(f"{self.schema}.{channel}", lambda *_: notified.set())
            yield notified
        finally:
            await connection.close(timeout=CLOSE_TIMEOUT)

    async def close(self) -> None:
        """Close the pool; a connection still in use after two seconds is cut off. The next transaction opens a new pool."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT)
            except TimeoutError:
                pool.terminate()


@asynccontextmanager
async def _acquire(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    await pool  # with no connection to open at first, this only prepares it
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection:
        yield cast(Connection, connection)  # a proxy, with the same methods


async def _end(connection: Connection, statement: str) -> None:
    """Commit or roll back. Raises InFailedSQLTransactionError where the block has swallowed the error of a statement."""
    answer = await connection.execute(statement)
    if answer != statement.upper():  # PostgreSQL has rolled back instead, which is no error to it
        raise asyncpg.InFailedSQLTransactionError("a statement had failed: nothing was saved")


async def _roll_back(connection: Connection) -> None:
    """Roll back; cut off a connection that cannot in time. Raises no error of its own, which would hide the block's.

    A cancelled statement runs on, with its locks, until the server has been asked to end it: asyncpg asks before it sends
    the rollback.
    """
    answered = False
    try:
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await connection.execute("rollback")
            answered = True
    finally:
        if not answered:
            _cut_off(connection)


def _cut_off(connection: Connection) -> None:
    """Close the connection without waiting for the server."""
    with suppress(asyncpg.InterfaceError):  # lost, and out of the pool already
        connection.terminate()


async def _exchange_json_as_text(connection: Connection) -> None:
    """Set up a new connection: JSON parameters are given as text, JSON columns are read as Python values."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=str.encode, decoder=orjson.loads
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda text: b"\x01" + text.encode(),  # the format's version
        decoder=lambda data: orjson.loads(data[1:]),
    )


async def _reset_nothing(connection: Connection) -> None:
    """Keep a released connection as it is: all settings of a transaction end with it."""


def is_transient(error: BaseException | None) -> bool:
    """Return whether the error may pass by itself: an outage, a conflict of transactions, a lock timeout."""
    if error is None:
        return False
    if state := getattr(error, "sqlstate", None):
        return str(state).startswith(TRANSIENT_SQLSTATES)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError | TimeoutError):
        return True
    return is_transient(error.__cause__)
