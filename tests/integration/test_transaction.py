"""Transactions and their rows: found, inserted, updated and replaced by key; committed as a whole or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.monitoring.projections.rounds import RoundRow
from shared.database import engine
from shared.database.engine import Database, is_transient
from shared.database.transaction import Connection, Lock, Query, Transaction
from shared.messaging.outbox import LoggedEvent, Stream
from shared.messaging.parking import ParkedRow
from tests.builders import A_DAY
from tests.databases import Databases, admin, app_url

Begin = Callable[[], AbstractAsyncContextManager[Transaction | Connection]]
both_kinds = pytest.mark.parametrize("kind", ["transaction", "batch_transaction"])


@pytest.fixture
async def single(databases: Databases) -> AsyncIterator[Database]:
    """Funding's database with a pool of one connection."""
    database = Database(app_url("funding"), "funding", pool=1)
    yield database
    await database.close()


@pytest.fixture
async def reported() -> AsyncIterator[list[dict[str, Any]]]:
    """Reports to the event loop's exception handler, such as asyncpg's of a transaction that was left open."""
    reported: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: reported.append(context))
    yield reported
    loop.set_exception_handler(None)


def begin(database: Database, kind: str) -> AbstractAsyncContextManager[Transaction | Connection]:
    begin: Begin = getattr(database, kind)
    return begin()


def a_row(offset: int = 17, partition: int = 3) -> ParkedRow:
    fields: dict[str, Any] = {"topic": "ieum.applications", "partition": partition, "offset": offset}
    headers: list[list[str | None]] = [["ce_id", "ff00"], ["이름", None]]
    return ParkedRow(**fields, key=None, value=b"\x00{", headers=headers, reason="waits")


def key_of(row: ParkedRow) -> tuple[str, int, int]:
    return row.topic, row.partition, row.offset


async def insert(database: Database, *rows: ParkedRow) -> None:
    async with database.transaction() as transaction:
        await transaction.insert(*rows)


async def stored(database: Database) -> list[dict[str, Any]]:
    """Return all rows as SQL reads them, by offset."""
    async with database.transaction() as transaction:
        return [dict(row) for row in await transaction.fetch('select * from parked order by "offset"')]


# Rows by key.


async def test_inserted_rows_are_found_by_their_key_as_they_were_inserted(database: Database) -> None:
    rows = [a_row(17), a_row(18)]
    async with database.transaction() as transaction:
        await transaction.insert(*rows)
        found = [await transaction.find(ParkedRow, *key_of(row)) for row in rows]

    assert found == rows
    assert await stored(database) == [row.model_dump() for row in rows]


@pytest.mark.parametrize(("quota", "kind"), [({"JS1": 40}, "object"), (None, None)])
async def test_json_column_without_a_value_is_null(
    databases: Databases, quota: dict[str, int] | None, kind: str | None
) -> None:
    row = RoundRow.model_validate(dict.fromkeys(RoundRow.model_fields) | {"round_id": "r", "quota": quota})
    async with databases["monitoring"].transaction() as transaction:
        await transaction.insert(row)

        assert await transaction.value("select jsonb_typeof(quota) from round_row") == kind
        assert await transaction.find(RoundRow, "r") == row


@pytest.mark.parametrize("lock", Lock)
async def test_missing_row_is_none(database: Database, lock: Lock) -> None:
    await insert(database, a_row(17))

    async with database.transaction() as transaction:
        assert await transaction.find(ParkedRow, "ieum.applications", 3, 18, lock=lock) is None


@pytest.mark.parametrize(
    ("held", "wanted", "waits"),
    [
        (Lock.UPDATE, Lock.UPDATE, True),
        (Lock.UPDATE, Lock.SHARE, True),
        (Lock.SHARE, Lock.UPDATE, True),
        (Lock.SHARE, Lock.SHARE, False),
        (Lock.UPDATE, Lock.NONE, False),
        (Lock.NONE, Lock.UPDATE, False),
    ],
)
async def test_row_found_with_a_lock_is_closed_to_others_until_the_transaction_ends(
    database: Database, held: Lock, wanted: Lock, waits: bool
) -> None:
    row = a_row()
    await insert(database, row)

    async def find() -> ParkedRow | None:
        async with database.transaction() as transaction:
            await transaction.fetch("set local lock_timeout = '50ms'")
            return await transaction.find(ParkedRow, *key_of(row), lock=wanted)

    async with database.transaction() as transaction:
        await transaction.find(ParkedRow, *key_of(row), lock=held)
        if waits:
            with pytest.raises(asyncpg.LockNotAvailableError):
                await find()
        else:
            assert await find() == row

    assert await find() == row


async def test_changed_row_is_saved_by_an_update_alone(database: Database) -> None:
    row, other = a_row(17), a_row(18)
    await insert(database, row, other)

    async with database.transaction() as transaction:
        saved = await transaction.find(ParkedRow, *key_of(row), lock=Lock.UPDATE)
        not_saved = await transaction.find(ParkedRow, *key_of(other), lock=Lock.UPDATE)
        assert saved is not None
        assert not_saved is not None
        saved.reason, saved.key, saved.headers, not_saved.reason = "waits on", b"case-1", [], "waits on"
        await transaction.update(saved)

    changed = row.model_dump() | {"reason": "waits on", "key": b"case-1", "headers": []}
    assert await stored(database) == [changed, other.model_dump()]


async def test_update_of_several_rows_saves_each(database: Database) -> None:
    rows = [a_row(17), a_row(18)]
    async with database.transaction() as transaction:
        await transaction.insert(*rows)
        for row in rows:
            row.reason = f"waits at {row.offset}"
        await transaction.update(*rows)

    assert [row["reason"] for row in await stored(database)] == ["waits at 17", "waits at 18"]


async def test_update_of_a_missing_row_is_an_error_that_names_its_key_alone(database: Database) -> None:
    with pytest.raises(LookupError, match=r"^ParkedRow has no row \['ieum.applications', 3, 17\]$"):
        async with database.transaction() as transaction:
            await transaction.update(a_row(17))


async def test_inserted_row_has_the_columns_that_the_database_has_filled_in(database: Database) -> None:
    parked = a_row()
    fields: dict[str, Any] = {"topic": "t", "subject": "s", "sequence": 1, "type": "t", "occurred_on": A_DAY}
    logged = LoggedEvent(id=uuid4(), attributes={"id": "1"}, data="{}", **fields)

    async with database.transaction() as transaction:
        await transaction.insert(parked, logged)
        found = await transaction.find(LoggedEvent, logged.position)
        now = await transaction.value("select now()")

    assert parked.parked_at == logged.recorded_at == now
    assert logged.position is not None
    assert found == logged


async def test_update_saves_a_column_that_the_database_has_filled_in(database: Database) -> None:
    row, later = a_row(), a_row(18)
    await insert(database, row)
    await insert(database, later)

    async with database.transaction() as transaction:
        row.parked_at = later.parked_at
        await transaction.update(row)

    assert [row["parked_at"] for row in await stored(database)] == [later.parked_at] * 2


async def test_replaced_row_has_all_columns_of_the_new_one(database: Database) -> None:
    first, other, second = a_row(17), a_row(18), a_row(17)
    second.reason, second.key, second.headers = "waits on", b"case-1", []
    async with database.transaction() as transaction:
        await transaction.replace(first)
        await transaction.replace(other)

    async with database.transaction() as transaction:
        await transaction.replace(second)

    assert await stored(database) == [second.model_dump(), other.model_dump()]
    assert second.parked_at > first.parked_at


# Queries.

BY_PARTITION = Query(
    select(ParkedRow)
    .where(col(ParkedRow.partition) == bindparam("partition"), col(ParkedRow.reason) == "waits")
    .order_by(col(ParkedRow.offset).desc())
)
OFFSETS = Query(select(ParkedRow.offset).where(col(ParkedRow.reason) == bindparam("reason")))


async def test_query_finds_rows_of_a_model_in_its_order(database: Database) -> None:
    rows = [a_row(17), a_row(18), a_row(19, partition=4)]
    await insert(database, *rows)

    async with database.transaction() as transaction:
        assert await transaction.all(BY_PARTITION, partition=3) == [rows[1], rows[0]]
        assert await transaction.first(BY_PARTITION, partition=3) == rows[1]
        assert await transaction.all(BY_PARTITION, partition=5) == []
        assert await transaction.first(BY_PARTITION, partition=5) is None


async def test_query_of_a_column_finds_its_values(database: Database) -> None:
    await insert(database, a_row(17), a_row(18))

    async with database.transaction() as transaction:
        assert sorted(await transaction.all(OFFSETS, reason="waits")) == [17, 18]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, r"needs the parameters \['partition'\]"),
        ({"partition": 3, "topic": "t"}, r"has no parameters \['topic'\]"),
    ],
    ids=["missing", "unknown"],
)
async def test_query_with_a_missing_or_an_unknown_argument_is_refused(
    database: Database, arguments: dict[str, Any], problem: str
) -> None:
    async with database.transaction() as transaction:
        with pytest.raises(TypeError, match=problem):
            await transaction.all(BY_PARTITION, **arguments)


async def test_argument_may_be_none(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.all(BY_PARTITION, partition=None) == []


async def test_value_of_a_statement_is_its_first_column_or_none(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.value("select 1, 2") == 1
        assert await transaction.value("select 1 where false") is None


async def test_columns_of_a_row_are_attributes(database: Database) -> None:
    async with database.transaction() as transaction:
        [row] = await transaction.fetch("select 1 as one, '{\"a\": [1]}'::jsonb as json")

    assert (row.one, row["one"], row.json) == (1, 1, {"a": [1]})
    with pytest.raises(AttributeError, match=r"^two$"):
        _ = row.two


# Begin, commit, roll back.


async def test_transaction_without_a_statement_takes_no_connection(single: Database) -> None:
    async with single.batch_transaction(), single.transaction(), single.snapshot():
        assert single.connections == (1, 1)  # the pool has no second one


@both_kinds
async def test_block_that_succeeds_is_committed(single: Database, kind: str) -> None:
    async with begin(single, kind) as transaction:
        await transaction.fetch("insert into stream (subject, last) values ('saved', 1)")

    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "saved") is not None
    assert single.connections == (0, 1)


@both_kinds
async def test_block_that_raises_is_rolled_back(
    single: Database, kind: str, reported: list[dict[str, Any]]
) -> None:
    async def fail() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch("insert into stream (subject, last) values ('lost', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "lost") is None
    assert reported == []


async def test_refused_statement_rolls_back_the_transaction_and_the_connection_stays_usable(
    single: Database,
) -> None:
    async with single.transaction() as transaction:
        pid = await transaction.value("select pg_backend_pid()")

    with pytest.raises(asyncpg.UniqueViolationError):
        await insert(single, a_row(17), a_row(18), a_row(17))

    assert await stored(single) == []
    async with single.transaction() as transaction:
        assert await transaction.value("select pg_backend_pid()") == pid


@both_kinds
async def test_commit_after_a_swallowed_error_is_an_error(single: Database, kind: str) -> None:
    """PostgreSQL answers such a commit with a rollback, and no error."""

    async def swallow_an_error() -> None:
        async with begin(single, kind) as transaction:
            with suppress(asyncpg.DivisionByZeroError):
                await transaction.fetch("select 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError, match="nothing was saved"):
        await swallow_an_error()

    async with single.transaction() as transaction:
        assert await transaction.value("select 1") == 1


async def test_statement_after_the_end_of_its_transaction_is_refused(single: Database) -> None:
    async with single.transaction() as ended:
        await ended.fetch("select 1")

    with pytest.raises(asyncpg.InterfaceError):
        await ended.fetch("insert into stream (subject, last) values ('late', 1)")


# Cancelled, cut off, closed.


async def cancel_after_a_moment(block: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run the block until its statement waits on the server, and cancel it; return its task, which may still roll back."""
    task = asyncio.create_task(block)
    await asyncio.sleep(0.3)
    task.cancel()
    return task


@both_kinds
async def test_cancelled_statement_leaves_nothing_behind_on_its_connection(
    single: Database, kind: str
) -> None:
    async def insert_and_wait() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch("insert into stream (subject, last) values ('cancelled', 1)")
            await transaction.fetch("select pg_sleep(10)")

    task = await cancel_after_a_moment(insert_and_wait())
    await asyncio.wait([task])

    assert task.cancelled()
    async with single.transaction() as transaction:
        await transaction.insert(Stream(subject="later", last=1))
    async with single.transaction() as transaction:
        assert [row.subject for row in await transaction.fetch("select subject from stream")] == ["later"]


@both_kinds
async def test_cancelled_statement_keeps_no_lock_on_the_server(
    database: Database, single: Database, kind: str
) -> None:
    async def lock_and_wait() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch("select pg_advisory_xact_lock(42)")
            await transaction.fetch("select pg_sleep(20)")

    task = await cancel_after_a_moment(lock_and_wait())
    await asyncio.wait([task])

    async with asyncio.timeout(5), database.transaction() as transaction:
        await transaction.fetch("select pg_advisory_xact_lock(42)")


async def test_first_statements_of_two_tasks_share_the_transaction(database: Database) -> None:
    insert = "insert into stream (subject, last) values ($1, 1)"
    with suppress(ValueError):
        async with database.transaction() as transaction:
            await asyncio.gather(transaction.connection(), transaction.connection())
            assert database.connections[0] == 1
            await transaction.fetch(insert, "a")
            raise ValueError

    async with database.transaction() as transaction:
        assert await transaction.fetch("select 1 from stream where subject = 'a'") == []


DEAF = """
    do $$ begin perform pg_sleep(20); exception when query_canceled then perform pg_sleep(20); end $$
"""


@both_kinds
async def test_cancellation_does_not_wait_for_a_server_that_does_not_answer(
    single: Database, kind: str
) -> None:
    async def wait() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch(DEAF)

    task = await cancel_after_a_moment(wait())

    async with asyncio.timeout(5):
        await asyncio.wait([task])
        async with single.transaction() as transaction:
            assert await transaction.value("select 1") == 1


async def cut_off(transaction: Transaction | Connection) -> None:
    """Terminate the transaction's connection on the server; return once the client has noticed."""
    [[pid]] = await transaction.fetch("select pg_backend_pid()")
    superuser = await admin()
    await superuser.execute("select pg_terminate_backend($1)", pid)
    await superuser.close()
    await asyncio.sleep(0.1)


@both_kinds
async def test_statement_on_a_connection_that_was_cut_off_is_a_transient_error(
    single: Database, kind: str
) -> None:
    async def work() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch("insert into stream (subject, last) values ('lost', 1)")
            await cut_off(transaction)
            await transaction.fetch("select 1")

    with pytest.raises(Exception) as lost:  # its type varies
        await work()

    assert is_transient(lost.value)
    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "lost") is None


async def test_commit_on_a_connection_that_was_cut_off_is_a_transient_error(single: Database) -> None:
    async def work() -> None:
        async with single.transaction() as transaction:
            await transaction.insert(Stream(subject="lost", last=1))
            await cut_off(transaction)

    with pytest.raises(Exception) as lost:  # its type varies
        await work()

    assert is_transient(lost.value)
    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "lost") is None


@both_kinds
async def test_connection_that_was_cut_off_hides_no_error_of_the_block(single: Database, kind: str) -> None:
    async def fail() -> None:
        async with begin(single, kind) as transaction:
            await cut_off(transaction)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with single.transaction() as transaction:
        assert await transaction.value("select 1") == 1


@both_kinds
async def test_statement_that_another_task_still_waits_for_hides_no_error_of_the_block(
    single: Database, kind: str
) -> None:
    stray: list[asyncio.Task[Any]] = []

    async def fail() -> None:
        async with begin(single, kind) as transaction:
            await transaction.fetch("select 1")
            stray.append(asyncio.create_task(transaction.fetch("select pg_sleep(10)")))
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    async with asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await fail()
        await asyncio.wait(stray)
        async with single.transaction() as transaction:
            assert await transaction.value("select 1") == 1
    assert is_transient(stray[0].exception())


@both_kinds
async def test_connection_that_was_cut_off_hides_no_cancellation(single: Database, kind: str) -> None:
    reached = asyncio.Event()

    async def wait() -> None:
        async with begin(single, kind) as transaction:
            await cut_off(transaction)
            reached.set()
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    await reached.wait()
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    async with single.transaction() as transaction:
        assert await transaction.value("select 1") == 1


async def test_exhausted_pool_is_waited_for_up_to_a_limit(
    single: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ACQUIRE_TIMEOUT", 0.3)

    async def work() -> int:
        async with single.transaction() as transaction:
            return int(await transaction.value("select 1"))

    async with single.batch_transaction():
        with pytest.raises(TimeoutError) as exhausted:
            await work()
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0.1)

    assert is_transient(exhausted.value)
    assert await waiting == 1


async def test_close_cuts_off_a_connection_in_use_and_the_next_transaction_opens_a_new_pool(
    single: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CLOSE_TIMEOUT", 0.2)

    async def work() -> None:
        async with single.transaction() as transaction:
            await transaction.insert(Stream(subject="lost", last=1))
            await transaction.fetch("select pg_sleep(10)")

    working, waiting = asyncio.create_task(work()), asyncio.create_task(insert(single, a_row()))
    await asyncio.sleep(0.2)
    await single.close()
    lost = await asyncio.gather(working, waiting, return_exceptions=True)

    assert all(is_transient(error) for error in lost)
    assert single.connections == (0, 1)
    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "lost") is None


async def test_close_waits_for_a_transaction_that_ends_soon(single: Database) -> None:
    async def work() -> None:
        async with single.transaction() as transaction:
            await transaction.insert(Stream(subject="saved", last=1))
            await transaction.fetch("select pg_sleep(0.3)")

    working = asyncio.create_task(work())
    await asyncio.sleep(0.1)
    await single.close()
    await working

    async with single.transaction() as transaction:
        assert await transaction.find(Stream, "saved") is not None


async def test_database_that_was_never_used_can_be_closed() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", "funding")

    await database.close()

    assert database.connections == (0, 10)
