"""Migrations: they produce the models' schema and can be undone; rights: each role sees its own schema only."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
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

import shared.web.idempotency  # noqa: F401  its table is in every schema
from deploy.postgres.roles import SERVICES
from shared.database import migrate
from shared.database.tables import SharedTable
from tests import databases as real
from tests.databases import Databases

APPEND_ONLY = [*(("event_log", service) for service in SERVICES), ("posting", "funding")]


def models(service: str) -> MetaData:
    """Return the service's own tables and the shared ones as one metadata."""
    merged = MetaData()
    own: MetaData = import_module(f"services.{service}.main").SERVICE.tables
    for table in (*own.tables.values(), *SharedTable.metadata.tables.values()):
        table.to_metadata(merged)
    return merged


def differences(connection: Connection, service: str) -> list[Any]:
    """Return Alembic's differences between the models and the schema."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    # an index may be in a migration alone: it changes the speed, not the result
    found = flattened(compare_metadata(context, models(service)))
    return [difference for difference in found if difference[0] != "remove_index"]


def flattened(nested: Any) -> Iterator[Any]:
    for difference in nested:
        yield from flattened(difference) if isinstance(difference, list) else [difference]


def primary_keys(connection: Connection, service: str) -> dict[str, tuple[list[str], list[str]]]:
    """Return the tables with different primary keys, which Alembic does not compare: (in the model, in the schema)."""
    different = {}
    for table in models(service).sorted_tables:
        rows = connection.execute(text(PRIMARY_KEY), {"table": table.name})
        pair = ([column.name for column in table.primary_key], [row.column for row in rows])
        if sorted(pair[0]) != sorted(pair[1]):
            different[table.name] = pair
    return different


PRIMARY_KEY = """
    select a.attname as column from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indisprimary and i.indrelid = to_regclass(quote_ident(:table))
"""


def down_and_up(connection: Connection, service: str) -> None:
    """Downgrade to an empty schema and upgrade again. Fails where the downgrade leaves anything."""
    configuration = migrate.config(service)
    configuration.attributes["connection"] = connection
    command.downgrade(configuration, "base")
    left = connection.exec_driver_sql(REMAINING).scalars().all()
    assert left == []
    command.upgrade(configuration, "heads")
    assert migrate.current_revisions(connection) == migrate.heads(service)


REMAINING = """
    select relname from pg_class where relnamespace = current_schema()::regnamespace and relname not like 'alembic_version%'
    union all select proname from pg_proc where pronamespace = current_schema()::regnamespace
    union all select typname from pg_type where typnamespace = current_schema()::regnamespace and typtype in ('e', 'd')
"""


@asynccontextmanager
async def as_owner(service: str) -> AsyncIterator[Any]:
    """Yield a connection of the schema's owner, in a transaction that is rolled back."""
    url = real.owner_url(service).replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()
    await engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
async def test_models_equal_the_migrated_schema(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        different = await connection.run_sync(differences, service)
        keys = await connection.run_sync(primary_keys, service)

    assert different == []
    assert keys == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_schema_can_be_downgraded_and_upgraded_again(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        await connection.run_sync(down_and_up, service)

        assert await connection.run_sync(differences, service) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_repeated_migration_changes_nothing(migrated: Databases, service: str) -> None:
    async with as_owner(service) as connection:
        await connection.run_sync(migrate.upgrade, service)

        assert await connection.run_sync(migrate.current_revisions) == migrate.heads(service)


async def test_monitorings_copies_are_made_again_by_a_downgrade_and_dropped_with_what_waited_for_them(
    databases: Databases,
) -> None:
    async with as_owner("monitoring") as connection:
        for statement in FOLDED_CASE.split(";\n"):
            await connection.exec_driver_sql(statement)

        await connection.run_sync(to_revision, "monitoring", command.downgrade, "monitoring_0006")
        copies = (
            await connection.exec_driver_sql("select company_id::text, abandoned_on from case_copy")
        ).all()
        definitions = (await connection.exec_driver_sql("select version, definition from definition")).all()
        await connection.run_sync(to_revision, "monitoring", command.upgrade, "heads")
        parked = (await connection.exec_driver_sql('select "offset" from parked')).scalars().all()

    assert copies == [("00000000-0000-0000-0000-000000000002", date(2024, 8, 1))]
    assert definitions == [(1, {"corrected": True})]
    assert parked == [8]


FOLDED_CASE = """
    insert into case_row (case_id, programme_id, company_id, relinquished_on) values
        ('00000000-0000-0000-0000-000000000001', 'p', '00000000-0000-0000-0000-000000000002', '2024-08-01'),
        ('00000000-0000-0000-0000-000000000003', 'p', null, null);
    insert into programme_version (programme_id, sequence, version, holds_from, definition) values
        ('p', 1, 1, '2024-01-01', '{}'), ('p', 2, 1, '2024-01-01', '{"corrected": true}'), ('p', 3, null, '2024-01-01', null);
    insert into parked (topic, partition, "offset", headers, reason)
    select 'ieum.applications', 0, number, json_build_array(json_build_array('ce_type', encode(type::bytea, 'hex'))), ''
    from (values (7, 'kr.ieum.company.selected.v1'), (8, 'kr.ieum.agreement.signed.v1')) v (number, type)
"""


def to_revision(connection: Connection, service: str, step: Any, revision: str) -> None:
    configuration = migrate.config(service)
    configuration.attributes["connection"] = connection
    step(configuration, revision)


@pytest.mark.parametrize(("reader", "other"), list(permutations(SERVICES, 2)))
@pytest.mark.parametrize("url_of", [real.app_url, real.owner_url], ids=["app", "owner"])
async def test_no_role_has_access_to_another_services_schema(
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
async def test_service_cannot_create_tables_even_in_its_own_schema(migrated: Databases, service: str) -> None:
    connection = await asyncpg.connect(real.app_url(service))
    try:
        for statement in ("create table planted (id int)", "drop table outbox", "truncate inbox"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("url_of", [real.app_url, real.owner_url], ids=["app", "owner"])
@pytest.mark.parametrize(("table", "service"), APPEND_ONLY)
async def test_append_only_table_can_neither_be_changed_nor_deleted(
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


@pytest.mark.parametrize(("table", "service"), APPEND_ONLY)
async def test_service_may_only_read_and_insert_into_append_only_tables(
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
async def test_service_cannot_change_or_delete_inbox_responses_or_dead_letters(
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
async def test_statements_locks_and_idle_transactions_of_a_service_time_out(
    migrated: Databases, service: str
) -> None:
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    connection = await asyncpg.connect(real.app_url(service))
    try:
        set_to = [await connection.fetchval("select current_setting($1)", limit) for limit in limits]
    finally:
        await connection.close()

    assert set_to == ["30s", "10s", "1min"]


HAS_RIGHT = "select has_table_privilege(current_user, $1, $2)"
