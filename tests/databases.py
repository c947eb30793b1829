"""Real schemas for tests: created by the migrations, accessed as the services' roles."""

import asyncio
import json
import os
from typing import Any

import asyncpg

from deploy.postgres import roles
from services.applications.programmes import queries as programmes
from shared.config import Settings
from shared.database.engine import Database
from shared.database.migrate import migrate
from tests.stack import postgres_url

PREPARED = os.environ.get("IEUM_TEST_DATABASE", "")
"""A migrated database that a nested test run receives and leaves as it is (`nested_run`)."""
DATABASE = PREPARED or "ieum"
# Roles belong to the server: a nested test run on the same server receives their passwords.
PASSWORDS: dict[str, str] = json.loads(os.environ.get("IEUM_TEST_PASSWORDS", "{}")) or roles.new_passwords()
Databases = dict[str, Database]


def app_url(service: str) -> str:
    role = roles.app_role(service)
    return roles.login_url(postgres_url(), role, PASSWORDS[role], DATABASE)


def owner_url(service: str) -> str:
    role = roles.owner_role(service)
    return roles.login_url(postgres_url(), role, PASSWORDS[role], DATABASE)


async def prepare() -> None:
    """Create roles and schemas and run the migrations, once per test run."""
    if PREPARED:
        return
    await roles.prepare(postgres_url(), PASSWORDS, DATABASE)
    for service in roles.SERVICES:
        await migrate(service, owner_url(service))


async def create(database: str) -> None:
    """Create a migrated database for nested test runs, in place of an earlier one of this name."""
    await drop(database)
    await roles.prepare(postgres_url(), PASSWORDS, database)
    for service in roles.SERVICES:
        owner = roles.owner_role(service)
        await migrate(service, roles.login_url(postgres_url(), owner, PASSWORDS[owner], database))


async def drop(database: str) -> None:
    connection = await asyncpg.connect(postgres_url())
    try:
        await connection.execute(f'drop database if exists "{database}" with (force)')
    finally:
        await connection.close()


def nested_run(database: str) -> dict[str, str]:
    """Return the environment of a test run, in a process of its own, that receives this database."""
    return {
        "IEUM_TEST_DATABASE": database,
        "IEUM_TEST_PASSWORDS": json.dumps(PASSWORDS),
        "IEUM_DATABASE_URL": postgres_url(),
        "IEUM_TEST_SERVERS": "embedded",  # no engine is looked for
    }


DELETE_ALL_ROWS = """
do $$
declare entry record;
begin
    set local session_replication_role = replica;
    for entry in select schemaname, tablename from pg_tables
               where schemaname in ('applications', 'funding', 'monitoring', 'notifications')
                     and tablename not in ('alembic_version', 'live_projection') loop
        execute format('delete from %I.%I', entry.schemaname, entry.tablename);
    end loop;
end $$
"""


async def delete_all_rows() -> None:
    """Delete all rows of all services, as superuser without triggers; deleting few rows is faster than truncating."""
    programmes.DEFINITION_CACHE.clear()
    connection = await admin()
    try:
        await connection.execute(DELETE_ALL_ROWS)
    finally:
        await connection.close()


RESET_GENERATIONS = """
do $$
declare name text;
begin
    for name in select nspname from pg_namespace where nspname ~ '^monitoring_g[0-9]+$' loop
        execute format('drop schema %I cascade', name);
    end loop;
    update monitoring.live_projection set generation = 0, version = null, search_path = 'monitoring';
end $$
"""


async def reset_generations() -> None:
    """Make generation 0 of the projections live, and drop all others."""
    connection = await admin()
    try:
        await connection.execute(RESET_GENERATIONS)
    finally:
        await connection.close()


COUNT_BLOCKED = """
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""
BLOCKED_TIMEOUT = 30.0  # seconds


async def until_blocked(*tasks: "asyncio.Task[Any]") -> None:
    """Wait until each task waits for a database lock or has ended; raises TimeoutError."""
    connection = await admin()
    try:
        async with asyncio.timeout(BLOCKED_TIMEOUT):
            while await connection.fetchval(COUNT_BLOCKED) + sum(task.done() for task in tasks) < len(tasks):  # noqa: ASYNC110  a lock has no event
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def admin() -> asyncpg.Connection:
    return await asyncpg.connect(roles.with_database(postgres_url(), DATABASE))


def databases(settings: Settings) -> Databases:
    return {name: Database(app_url(name), name, settings.database_pool) for name in roles.SERVICES}
