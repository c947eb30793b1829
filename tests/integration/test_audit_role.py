"""The auditor's role reads every table of every service, and can neither write nor create anything."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.postgres.roles import AUDIT_ROLE, SERVICES
from tests import databases as real
from tests.databases import Databases
from tests.e2e.installation import audit_url

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
TABLES = """
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any($1::text[]) order by 1
"""
ROLES = (
    "select rolname from pg_roles where rolname <> current_user and pg_has_role(current_user, oid, 'member')"
)


@pytest.fixture
async def auditor(migrated: Databases) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(audit_url(real.DATABASE))
    await connection.execute("set default_transaction_read_only = off")
    yield connection
    await connection.close()


async def test_the_auditor_role_may_read_every_table_and_nothing_else(
    auditor: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    tables = [row["name"] for row in await auditor.fetch(TABLES, list(SERVICES))]

    held = {
        table: [right for right in RIGHTS if await auditor.fetchval(HAS_RIGHT, table, right)]
        for table in tables
    }

    assert len(tables) > 60
    assert {table: rights for table, rights in held.items() if rights != ["SELECT"]} == {}


HAS_RIGHT = "select has_table_privilege(current_user, $1, $2)"


@pytest.mark.parametrize("service", SERVICES)
async def test_the_auditor_role_can_write_and_create_nothing(
    auditor: "asyncpg.Connection[asyncpg.Record]", service: str
) -> None:
    assert await auditor.fetchval(f"select count(*) from {service}.event_log") is not None
    for statement in (
        f"insert into {service}.stream values ('x', 1)",
        f"update {service}.inbox set id = id",
        f"delete from {service}.outbox",
        f"truncate {service}.parked",
        f"create table {service}.planted (id int)",
        f"drop table {service}.outbox",
        "create schema planted",
        "create temp table planted (id int)",
        "create table public.planted (id int)",
        f'set role "ieum_{service}"',
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute(statement)


async def test_the_auditor_role_is_a_member_of_no_role_and_begins_read_only(migrated: Databases) -> None:
    connection = await asyncpg.connect(audit_url(real.DATABASE))
    try:
        roles, read_only = (
            await connection.fetch(ROLES),
            await connection.fetchval("show transaction_read_only"),
        )
    finally:
        await connection.close()

    assert (roles, read_only) == ([], "on")


@pytest.mark.parametrize("service", SERVICES)
async def test_the_auditor_role_may_read_what_a_later_migration_or_rebuild_creates(
    migrated: Databases, service: str
) -> None:
    owner = await asyncpg.connect(real.owner_url(service))
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(f"create table later (id int); create schema {service}_g9")
        await owner.execute(f"create table {service}_g9.later (id int)")
        may = await owner.fetchrow(
            f"select has_table_privilege('{AUDIT_ROLE}', '{service}.later', 'SELECT') as own, "
            f"has_schema_privilege('{AUDIT_ROLE}', '{service}_g9', 'USAGE') as schema, "
            f"has_schema_privilege('{AUDIT_ROLE}', '{service}_g9', 'CREATE') as creates, "
            f"has_table_privilege('{AUDIT_ROLE}', '{service}_g9.later', 'SELECT') as generation"
        )
    finally:
        await transaction.rollback()
        await owner.close()

    assert dict(may or {}) == {"own": True, "schema": True, "creates": False, "generation": True}
