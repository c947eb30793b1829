"""One engine per service, bound to its schema; the one place that begins and commits transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import orjson
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool

Connection = asyncpg.Connection  # hot paths use it instead of a session
BeginTransaction = Callable[[Connection], AbstractAsyncContextManager[Any]]
"""Begins a transaction on a connection, and ends it."""


class Row(asyncpg.Record):
    """A row whose columns are attributes too, as those of a session are."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class LazyConnection:
    """An asyncpg connection that is taken from the pool, and its transaction begun, with the first statement."""

    def __init__(self, acquire: Callable[[], Awaitable[Connection]]) -> None:
        self.acquire = acquire
        self.connection: Connection | None = None

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        if self.connection is None:
            self.connection = await self.acquire()
        return list(await self.connection.fetch(sql, *parameters, record_class=Row))


AsyncpgExecutor = Connection | LazyConnection
Executor = AsyncSession | AsyncpgExecutor

RAW_CONNECTION = "raw_connection"
"""Key of a session's `info` that holds its connection once its transaction has begun."""

TRANSIENT_SQLSTATES = ("08", "53", "57P", "40", "55P03", "58")
"""SQLSTATE classes of transient errors: connection, resources, shutdown, conflict, lock, system."""


SNAPSHOT = """
    begin isolation level repeatable read, read only;
    set local plan_cache_mode = force_custom_plan;
    select set_config('search_path', search_path, true) from live_projection
"""


class Database:
    """One service's database: tables carry no schema name, the connection's search path finds them."""

    def __init__(self, url: str, schema: str, pool: int = 10) -> None:
        self.url = make_url(url).set(drivername="postgresql")
        self.schema = schema
        self.engine = create_async_engine(
            self.url.set(drivername="postgresql+asyncpg"),
            pool_size=pool,
            max_overflow=0,
            pool_pre_ping=False,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={"server_settings": self.server_settings, "timeout": 10},
        )

    @property
    def connections(self) -> tuple[int, int]:
        """Return (connections in use, size of the pool)."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout(), pool.size()

    @property
    def server_settings(self) -> dict[str, str]:
        return {"search_path": self.schema, "application_name": f"ieum-{self.schema}", "jit": "off"}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session; commit when the block succeeds, roll back when it raises."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def asyncpg_transaction(self, begin: BeginTransaction | None = None) -> AsyncIterator[Connection]:
        """Yield an asyncpg connection of the same pool, for hot paths; commit or roll back as `transaction` does."""
        async with self._checked_out() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            rolled_back: Exception | None = None
            try:
                async with begin(raw) if begin else raw.transaction():
                    try:
                        yield raw
                    except Exception as error:
                        rolled_back = error
                        raise
            except BaseException as error:
                # Any error but the block's own, after its rollback, may leave the transaction open or the connection
                # dead. The pool does not see that, and the next commit on the connection would have no effect.
                if error is not rolled_back or raw.is_closed():
                    raw.terminate()
                    await connection.invalidate()
                raise

    @asynccontextmanager
    async def _checked_out(self) -> AsyncIterator[AsyncConnection]:
        """Yield a pooled connection and return it without SQLAlchemy's extra task."""
        connection = await self.engine.connect()
        try:
            yield connection
        finally:
            await connection.close()

    def batch_transaction(self, search_path: str | None = None) -> AbstractAsyncContextManager[Connection]:
        """Yield an asyncpg transaction for batches, whose statements are planned for what the tables hold now.

        A plan kept since the tables were empty could read a whole table for each key of a batch. `search_path`: the
        schemas of another generation of projections.
        """
        return self.asyncpg_transaction(partial(_with_fresh_plans, search_path=search_path))

    def lazy_transaction(self) -> AbstractAsyncContextManager[LazyConnection]:
        """Yield an asyncpg transaction that begins with its first statement: a request refused before costs no connection."""
        return lazy(self.asyncpg_transaction)

    def snapshot(self) -> AbstractAsyncContextManager[LazyConnection]:
        """Yield a read-only transaction that begins with its first statement; all statements see the same moment.

        Projections are read in the generation that is live at that moment.
        """
        return lazy(lambda: self.asyncpg_transaction(_snapshot))

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set at each NOTIFY on the channel, and when the connection is lost."""
        notified = asyncio.Event()
        connection = await asyncpg.connect(self.dsn, server_settings=self.server_settings, timeout=10)
        try:
            connection.add_termination_listener(lambda *_: notified.set())
            await connection.add_listener(f"{self.schema}.{channel}", lambda *_: notified.set())
            yield notified
        finally:
            await connection.close(timeout=2)

    @property
    def dsn(self) -> str:
        return self.url.render_as_string(hide_password=False)

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def _with_fresh_plans(connection: Connection, search_path: str | None) -> AsyncIterator[None]:
    """Begin a transaction in which no generic plan is kept, which PostgreSQL would do after five executions."""
    async with connection.transaction():
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        if search_path is not None:
            await connection.execute("select set_config('search_path', $1, true)", search_path)
        yield


@asynccontextmanager
async def _snapshot(connection: Connection) -> AsyncIterator[None]:
    """Begin a read-only transaction in one message; it ends with a rollback, since nothing can have been written.

    A generic plan costs a board's sums twice the time. The live generation's search path is read in the same snapshot
    as everything that follows.
    """
    await connection.execute(SNAPSHOT)
    try:
        yield
    finally:
        await connection.execute("rollback")


@asynccontextmanager
async def lazy(
    acquire: Callable[[], AbstractAsyncContextManager[Connection]],
) -> AsyncIterator[LazyConnection]:
    """Yield a connection that is acquired with the first statement and released at the end."""
    async with AsyncExitStack() as stack:
        yield LazyConnection(lambda: stack.enter_async_context(acquire()))


async def fetch(executor: Executor, sql: str, *parameters: Any) -> list[Any]:
    """Return the rows of a statement with $1, $2 …; the same text serves a session and a hot path."""
    if isinstance(executor, AsyncSession):
        result = await (await executor.connection()).exec_driver_sql(sql, parameters)
        return list(result.all()) if result.returns_rows else []
    return list(await executor.fetch(sql, *parameters))


async def fetch_raw(executor: Executor, sql: str, *parameters: Any) -> list[Any]:
    """Return the rows of a hot path's statement, bypassing SQLAlchemy: columns by position, asyncpg's errors.

    A session's first statement goes through SQLAlchemy, which begins the transaction with it.
    """
    if not isinstance(executor, AsyncSession):
        return list(await executor.fetch(sql, *parameters))
    if (connection := executor.info.get(RAW_CONNECTION)) is None:
        return await _begin_with(executor, sql, parameters)
    raw: Any = (await connection.get_raw_connection()).driver_connection
    try:
        return list(await raw.fetch(sql, *parameters))
    except BaseException as error:
        # SQLAlchemy does not see the error: a connection that was cut off must not go back to the pool.
        if raw.is_closed() or not isinstance(error, Exception):
            raw.terminate()
            await connection.invalidate()
        raise


async def _begin_with(session: AsyncSession, sql: str, parameters: Sequence[Any]) -> list[Any]:
    connection = await session.connection()
    try:
        result = await connection.exec_driver_sql(sql, tuple(parameters))
    except DBAPIError as error:
        raise (error.orig and error.orig.__cause__) or error from error
    session.info[RAW_CONNECTION] = connection
    return list(result.all()) if result.returns_rows else []


def is_transient(error: BaseException | None) -> bool:
    """Return whether the error may pass by itself: an outage, a conflict of transactions, a lock timeout."""
    if error is None:
        return False
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    if state:
        return str(state).startswith(TRANSIENT_SQLSTATES)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError | TimeoutError):
        return True
    return is_transient(error.__cause__)
