"""One engine a service, bound to that service's schema; one place that begins and commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool

Connection = asyncpg.Connection  # what hot paths use instead of a session
BeginTransaction = Callable[[Connection], AbstractAsyncContextManager[Any]]
"""How a transaction is begun on a connection, and ended."""


class Row(asyncpg.Record):
    """A row whose columns are attributes as well, as those of a session are."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class LazyConnection:
    """A bare connection, taken from the pool with the first statement; a transaction's is begun with it."""

    def __init__(self, taken: Callable[[], Awaitable[Connection]]) -> None:
        self.taken = taken
        self.connection: Connection | None = None

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        if self.connection is None:
            self.connection = await self.taken()
        return list(await self.connection.fetch(sql, *parameters, record_class=Row))


Reader = Connection | LazyConnection
Executor = AsyncSession | Reader

RAW_CONNECTION = "begun"
"""Where a session remembers its connection, once its transaction has begun on it."""

TRANSIENT_SQLSTATES = ("08", "53", "57P", "40", "55P03", "58")
"""SQLSTATE classes that pass by themselves: connection, resources, shutdown, conflict, lock, system."""


class Database:
    """Tables carry no schema name: the connection's search path says whose they are."""

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
        """How many connections are in use, of how many."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout(), pool.size()

    @property
    def server_settings(self) -> dict[str, str]:
        return {"search_path": self.schema, "application_name": f"ieum-{self.schema}", "jit": "off"}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commit when the block ends well, roll back when it does not."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def asyncpg_transaction(self, begun: BeginTransaction | None = None) -> AsyncIterator[Connection]:
        """The same on a bare asyncpg connection of the same pool, for hot paths."""
        async with self._checked_out() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            undone: Exception | None = None
            try:
                async with begun(raw) if begun else raw.transaction():
                    try:
                        yield raw
                    except Exception as error:
                        undone = error
                        raise
            except BaseException as error:
                # Anything but the block's own error, rolled back, may have left the transaction open or the
                # connection dead. The pool saw nothing of it, and the next commit on it would be none.
                if error is not undone or raw.is_closed():
                    raw.terminate()
                    await connection.invalidate()
                raise

    @asynccontextmanager
    async def _checked_out(self) -> AsyncIterator[AsyncConnection]:
        """From the pool, and back. SQLAlchemy makes a task of giving it back; there is nothing left to wait for."""
        connection = await self.engine.connect()
        try:
            yield connection
        finally:
            await connection.close()

    def batch_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A fast transaction for batches. Each statement is planned for what the tables hold now: by a plan that was
        kept since they were empty, each key of a batch could read a whole table."""
        return self.asyncpg_transaction(_with_fresh_plans)

    def lazy_transaction(self) -> AbstractAsyncContextManager[LazyConnection]:
        """A fast transaction, begun late: who is refused before the first statement costs no connection."""
        return lazy(self.asyncpg_transaction)

    def snapshot(self) -> AbstractAsyncContextManager[LazyConnection]:
        """Every statement sees the same moment, and none can write; begun late as well."""
        return lazy(lambda: self.asyncpg_transaction(_snapshot))

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each NOTIFY on the channel, and when the connection is lost."""
        heard = asyncio.Event()
        connection = await asyncpg.connect(self.dsn, server_settings=self.server_settings, timeout=10)
        try:
            connection.add_termination_listener(lambda *_: heard.set())
            await connection.add_listener(f"{self.schema}.{channel}", lambda *_: heard.set())
            yield heard
        finally:
            await connection.close(timeout=2)

    @property
    def dsn(self) -> str:
        return self.url.render_as_string(hide_password=False)

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def _with_fresh_plans(connection: Connection) -> AsyncIterator[None]:
    """Else a plan that fits any parameters is kept after five times."""
    async with connection.transaction():
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        yield


@asynccontextmanager
async def _snapshot(connection: Connection) -> AsyncIterator[None]:
    """Begun in one message. Nothing can have been written, so it ends as it began.

    A plan that fits any parameters costs a board's sums twice the time.
    """
    await connection.execute(
        "begin isolation level repeatable read, read only; set local plan_cache_mode = force_custom_plan"
    )
    try:
        yield
    finally:
        await connection.execute("rollback")


@asynccontextmanager
async def lazy(taken: Callable[[], AbstractAsyncContextManager[Connection]]) -> AsyncIterator[LazyConnection]:
    """What is taken with the first statement is given back at the end."""
    async with AsyncExitStack() as stack:
        yield LazyConnection(lambda: stack.enter_async_context(taken()))


async def fetch(executor: Executor, sql: str, *parameters: Any) -> list[Any]:
    """Rows of a statement with $1, $2 …: the same text serves a session and a hot path."""
    if isinstance(executor, AsyncSession):
        result = await (await executor.connection()).exec_driver_sql(sql, parameters)
        return list(result.all()) if result.returns_rows else []
    return list(await executor.fetch(sql, *parameters))


async def fetch_raw(executor: Executor, sql: str, *parameters: Any) -> list[Any]:
    """`fetch` for the statements of hot paths, past SQLAlchemy: rows by position, errors are asyncpg's.

    A session's first statement goes through SQLAlchemy all the same, which begins the transaction with it.
    """
    if not isinstance(executor, AsyncSession):
        return list(await executor.fetch(sql, *parameters))
    if (connection := executor.info.get(RAW_CONNECTION)) is None:
        return await _begin_with(executor, sql, parameters)
    raw: Any = (await connection.get_raw_connection()).driver_connection
    try:
        return list(await raw.fetch(sql, *parameters))
    except BaseException as error:
        # SQLAlchemy saw nothing of it: what was cut off or is dead must not go back to the pool.
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
    """Whether a database or the network is away for now: waiting helps, and nobody is to blame."""
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
