"""What the migrations make is what the models say, it can be undone, and each role sees its own schema only."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from itertools import permutations
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import shared.web.idempotency  # noqa: F401  its table belongs to what every service has
from deploy.postgres.roles import SERVICES
from shared.database import migrate
from shared.database.tables import SharedTable
from tests import databases as real
from tests.databases import Databases

KEPT_FOR_EVER = [*(("event_log", service) for service in SERVICES), ("posting", "funding")]


def models(service: str) -> MetaData:
    """The service's tables and those that every service has, as one."""
    whole = MetaData()
    own: MetaData = import_module(f"services.{service}.main").SERVICE.tables
    for table in (*own.tables.values(), *SharedTable.metadata.tables.values()):
        table.to_metadata(whole)
    return whole


def differences(connection: Connection, service: str) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    # an index may stand in a migration alone: it changes how fast, not what
    return [one for one in flat(compare_metadata(context, models(service))) if one[0] != "remove_index"]


def flat(found: Any) -> Iterator[Any]:
    for one in found:
        yield from flat(one) if isinstance(one, list) else [one]


def primary_keys(connection: Connection, service: str) -> dict[str, tuple[list[str], list[str]]]:
    """Alembic does not compare them: (in the model, in the schema) of each table where they differ."""
    found = {}
    for table in models(service).sorted_tables:
        rows = connection.execute(text(KEY), {"table": table.name})
        pair = ([column.name for column in table.primary_key], [row.column for row in rows])
        if sorted(pair[0]) != sorted(pair[1]):
            found[table.name] = pair
    return found


KEY = """
    select a.attname as column from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indisprimary and i.indrelid = to_regclass(quote_ident(:table))
"""


def down_and_up(connection: Connection, service: str) -> None:
    found = migrate.config(service)
    found.attributes["connection"] = connection
    command.downgrade(found, "base")
    left = connection.exec_driver_sql(LEFT).scalars().all()
    assert left == []
    command.upgrade(found, "heads")
    assert migrate.current_revisions(connection) == migrate.heads(service)


LEFT = """
    select relname from pg_class where relnamespace = current_schema()::regnamespace and relname not like 'alembic_version%'
    union all select proname from pg_proc where pronamespace = current_schema()::regnamespace
    union all select typname from pg_type where typnamespace = current_schema()::regnamespace and typtype in ('e', 'd')
"""


@asynccontextmanager
async def as_owner(service: str) -> AsyncIterator[Any]:
    """A transaction that is rolled back, whatever happens in it."""
    url = real.owner_url(service).replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()
    await engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_models_are_the_migrated_schema(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        found = await connection.run_sync(differences, service)
        keys = await connection.run_sync(primary_keys, service)

    assert found == []
    assert keys == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_schema_can_be_taken_down_and_brought_up_again(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        await connection.run_sync(down_and_up, service)

        assert await connection.run_sync(differences, service) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_migrating_again_changes_nothing(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        await connection.run_sync(migrate.upgrade, service)

        assert await connection.run_sync(migrate.current_revisions) == migrate.heads(service)


@pytest.mark.parametrize(("reader", "other"), list(permutations(SERVICES, 2)))
@pytest.mark.parametrize("url_of", [real.app_url, real.owner_url], ids=["app", "owner"])
async def test_no_role_gets_into_another_services_schema(
    migrated: Databases, url_of: Any, reader: str, other: str
) -> None:
    connection = await asyncpg.connect(url_of(reader))
    try:
        for statement in (
            f"select * from {other}.event_log",
            f"insert into {other}.stream values ('x', 1)",
            f"create table {other}.planted (id int)",
            f'set role "ieum_{other}"',
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_makes_no_tables_even_in_its_own_schema(migrated: Databases, service: str) -> None:
    connection = await asyncpg.connect(real.app_url(service))
    try:
        for statement in ("create table planted (id int)", "drop table outbox", "truncate inbox"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("url_of", [real.app_url, real.owner_url], ids=["app", "owner"])
@pytest.mark.parametrize(("table", "service"), KEPT_FOR_EVER)
async def test_what_is_kept_for_ever_can_neither_be_changed_nor_deleted(
    migrated: Databases, url_of: Any, table: str, service: str
) -> None:
    connection = await asyncpg.connect(url_of(service))
    try:
        column = "set_id" if table == "posting" else "subject"
        for statement in (
            f"update {table} set {column} = {column}",
            f"delete from {table}",
            f"truncate {table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(("table", "service"), KEPT_FOR_EVER)
async def test_a_service_has_not_even_the_right_to_change_it(
    migrated: Databases, table: str, service: str
) -> None:
    connection = await asyncpg.connect(real.app_url(service))
    try:
        rights = ("select", "insert", "update", "delete", "truncate")
        held = [
            right for right in rights if await connection.fetchval(HAS_RIGHT, f"{service}.{table}", right)
        ]
    finally:
        await connection.close()

    assert held == ["select", "insert"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_take_back_what_it_received_answered_or_gave_up(
    migrated: Databases, service: str
) -> None:
    connection = await asyncpg.connect(real.app_url(service))
    try:
        held = [
            f"{right} {table}"
            for table in ("inbox", "idempotency_key", "dead_letter")
            for right in ("update", "delete", "truncate")
            if await connection.fetchval(HAS_RIGHT, f"{service}.{table}", right)
        ]
    finally:
        await connection.close()

    assert held == []


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_that_a_service_asks_or_holds_lasts_for_ever(migrated: Databases, service: str) -> None:
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    connection = await asyncpg.connect(real.app_url(service))
    try:
        held = [await connection.fetchval("select current_setting($1)", limit) for limit in limits]
    finally:
        await connection.close()

    assert held == ["30s", "10s", "1min"]


HAS_RIGHT = "select has_table_privilege(current_user, $1, $2)"
