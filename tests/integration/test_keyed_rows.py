"""Rows by key in every kind of transaction: a session's, asyncpg's, a batch's and a lazy one."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID, uuid4

import pytest
from asyncpg.exceptions import UniqueViolationError

from services.applications.companies.models import Company, State
from shared.database import keyed_rows
from shared.database.engine import Database, Executor, fetch_raw
from shared.database.keyed_rows import Lock
from tests.builders import a_business_number
from tests.databases import Databases, app_url

KINDS = ["transaction", "asyncpg_transaction", "batch_transaction", "lazy_transaction"]
every_kind = pytest.mark.parametrize("kind", KINDS)


def a_company() -> Company:
    return Company(
        id=uuid4(),
        business_number=a_business_number(),
        name_ko="기업 B-003",
        municipality="52130",
        employees=12,
    )


def transaction(database: Database, kind: str) -> AbstractAsyncContextManager[Executor]:
    begin: Callable[[], AbstractAsyncContextManager[Executor]] = getattr(database, kind)
    return begin()


async def company(database: Database, id: UUID) -> Company | None:
    """Return the company as a session loads it."""
    async with database.transaction() as session:
        return await session.get(Company, id)


@every_kind
async def test_inserted_row_is_found_by_key_and_by_a_session(databases: Databases, kind: str) -> None:
    database, made = databases["applications"], a_company()

    async with transaction(database, kind) as executor:
        await keyed_rows.insert(executor, made)
        found = await keyed_rows.find(executor, Company, made.id, lock=Lock.SHARE)

    assert found == made == await company(database, made.id)


@every_kind
async def test_row_is_changed_only_by_an_update(databases: Databases, kind: str) -> None:
    database, made = databases["applications"], a_company()
    async with transaction(database, kind) as executor:
        await keyed_rows.insert(executor, made)

    async with transaction(database, kind) as executor:
        updated = await keyed_rows.find(executor, Company, made.id, lock=Lock.UPDATE)
        not_updated = await keyed_rows.find(executor, Company, made.id)
        assert updated is not None
        assert not_updated is not None
        updated.state, not_updated.state = State.CLOSED, State.SUSPENDED
        await keyed_rows.update(executor, updated)

    stored = await company(database, made.id)
    assert stored is not None
    assert stored.state == State.CLOSED


@every_kind
async def test_missing_row_is_none(databases: Databases, kind: str) -> None:
    async with transaction(databases["applications"], kind) as executor:
        assert await keyed_rows.find(executor, Company, uuid4(), lock=Lock.UPDATE) is None


@every_kind
async def test_refused_statement_rolls_back_the_transaction_and_the_connection_stays_usable(
    databases: Databases, kind: str
) -> None:
    database, made = Database(app_url("applications"), "applications", pool=1), a_company()
    duplicate = Company(**made.model_dump() | {"id": uuid4()})

    async def insert_both() -> None:
        async with transaction(database, kind) as executor:
            await keyed_rows.insert(executor, made)
            await keyed_rows.insert(executor, duplicate)

    with pytest.raises(UniqueViolationError):
        await insert_both()

    async with transaction(database, kind) as executor:
        assert await keyed_rows.find(executor, Company, made.id) is None
        await keyed_rows.insert(executor, made)
    assert await company(database, made.id) is not None
    await database.close()


@every_kind
async def test_cancelled_statement_leaves_nothing_behind_on_its_connection(
    databases: Databases, kind: str
) -> None:
    database = Database(app_url("applications"), "applications", pool=1)
    cancelled_row, later_row = a_company(), a_company()

    async def insert_and_wait() -> None:
        async with transaction(database, kind) as executor:
            await keyed_rows.insert(executor, cancelled_row)
            await fetch_raw(executor, "select pg_sleep(10)")

    task = asyncio.create_task(insert_and_wait())
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.wait([task])

    async with transaction(database, kind) as executor:
        await keyed_rows.insert(executor, later_row)
    assert await company(database, later_row.id) is not None
    assert await company(database, cancelled_row.id) is None
    await database.close()


async def test_lazy_transaction_without_a_statement_takes_no_connection(databases: Databases) -> None:
    database = Database(app_url("applications"), "applications", pool=1)

    async with database.asyncpg_transaction(), database.lazy_transaction():
        pass  # the pool has no second one

    await database.close()
