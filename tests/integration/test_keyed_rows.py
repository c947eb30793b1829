"""Rows by key past the unit of work, on a connection, in a bare transaction, and within a session."""

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

WAYS = ["transaction", "asyncpg_transaction", "batch_transaction", "lazy_transaction"]
every_way = pytest.mark.parametrize("way", WAYS)


def a_company() -> Company:
    return Company(
        id=uuid4(),
        business_number=a_business_number(),
        name_ko="기업 B-003",
        municipality="52130",
        employees=12,
    )


def transaction(database: Database, way: str) -> AbstractAsyncContextManager[Executor]:
    begin: Callable[[], AbstractAsyncContextManager[Executor]] = getattr(database, way)
    return begin()


async def company(database: Database, id: UUID) -> Company | None:
    """As the unit of work sees it."""
    async with database.transaction() as session:
        return await session.get(Company, id)


@every_way
async def test_what_is_inserted_is_found_by_either_way(databases: Databases, way: str) -> None:
    database, made = databases["applications"], a_company()

    async with transaction(database, way) as on:
        await keyed_rows.insert(on, made)
        found = await keyed_rows.find(on, Company, made.id, lock=Lock.SHARE)

    assert found == made == await company(database, made.id)


@every_way
async def test_a_row_is_changed_only_where_it_is_saved(databases: Databases, way: str) -> None:
    database, made = databases["applications"], a_company()
    async with transaction(database, way) as on:
        await keyed_rows.insert(on, made)

    async with transaction(database, way) as on:
        one = await keyed_rows.find(on, Company, made.id, lock=Lock.UPDATE)
        other = await keyed_rows.find(on, Company, made.id)
        assert one is not None
        assert other is not None
        one.state, other.state = State.CLOSED, State.SUSPENDED
        await keyed_rows.update(on, one)

    kept = await company(database, made.id)
    assert kept is not None
    assert kept.state == State.CLOSED


@every_way
async def test_what_is_not_there_is_none(databases: Databases, way: str) -> None:
    async with transaction(databases["applications"], way) as on:
        assert await keyed_rows.find(on, Company, uuid4(), lock=Lock.UPDATE) is None


@every_way
async def test_what_the_database_refuses_takes_the_transaction_with_it_and_not_the_connection(
    databases: Databases, way: str
) -> None:
    database, made = Database(app_url("applications"), "applications", pool=1), a_company()
    twice = Company(**made.model_dump() | {"id": uuid4()})

    async def insert_both() -> None:
        async with transaction(database, way) as on:
            await keyed_rows.insert(on, made)
            await keyed_rows.insert(on, twice)

    with pytest.raises(UniqueViolationError):
        await insert_both()

    async with transaction(database, way) as on:
        assert await keyed_rows.find(on, Company, made.id) is None
        await keyed_rows.insert(on, made)
    assert await company(database, made.id) is not None
    await database.close()


@every_way
async def test_a_statement_that_is_cut_off_leaves_nothing_behind_on_its_connection(
    databases: Databases, way: str
) -> None:
    database, lost, kept = Database(app_url("applications"), "applications", pool=1), a_company(), a_company()

    async def insert_and_linger() -> None:
        async with transaction(database, way) as on:
            await keyed_rows.insert(on, lost)
            await fetch_raw(on, "select pg_sleep(10)")

    cut_off = asyncio.create_task(insert_and_linger())
    await asyncio.sleep(0.3)
    cut_off.cancel()
    await asyncio.wait([cut_off])

    async with transaction(database, way) as on:
        await keyed_rows.insert(on, kept)
    assert await company(database, kept.id) is not None
    assert await company(database, lost.id) is None
    await database.close()


async def test_who_is_refused_before_the_first_statement_takes_no_connection(databases: Databases) -> None:
    database = Database(app_url("applications"), "applications", pool=1)

    async with database.asyncpg_transaction(), database.lazy_transaction():
        pass  # the pool has no second one

    await database.close()
