"""The real schemas, by the real migrations, entered as the real roles."""

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

NAME = "ieum"
# Roles belong to the server: a run within a run, on the same server, is told their passwords.
PASSWORDS: dict[str, str] = json.loads(os.environ.get("IEUM_TEST_PASSWORDS", "{}")) or roles.new_passwords()
Databases = dict[str, Database]


def app_url(service: str) -> str:
    role = roles.app_role(service)
    return roles.login(postgres_url(), role, PASSWORDS[role], NAME)


def owner_url(service: str) -> str:
    role = roles.owner_role(service)
    return roles.login(postgres_url(), role, PASSWORDS[role], NAME)


async def prepare() -> None:
    """Roles, schemas, migrations: once a run."""
    await roles.prepare(postgres_url(), PASSWORDS, NAME)
    for service in roles.SERVICES:
        await migrate(service, owner_url(service))


EMPTY = """
do $$
declare one record;
begin
    set local session_replication_role = replica;
    for one in select schemaname, tablename from pg_tables
               where schemaname in ('applications', 'funding', 'monitoring', 'notifications')
                     and tablename <> 'alembic_version' loop
        execute format('delete from %I.%I', one.schemaname, one.tablename);
    end loop;
end $$
"""


async def empty() -> None:
    """All rows of all services; as superuser, past the triggers. Deleting few rows is faster than truncating."""
    programmes.KNOWN.clear()
    connection = await admin()
    try:
        await connection.execute(EMPTY)
    finally:
        await connection.close()


WAITING = """
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""
PATIENCE = 30.0  # seconds


async def until_they_wait(*tasks: "asyncio.Task[Any]") -> None:
    """Until each of them waits for a lock in the database, or has come to its end."""
    connection = await admin()
    try:
        async with asyncio.timeout(PATIENCE):
            while await connection.fetchval(WAITING) + sum(task.done() for task in tasks) < len(tasks):  # noqa: ASYNC110  a lock has no event
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def admin() -> asyncpg.Connection:
    return await asyncpg.connect(roles.within(postgres_url(), NAME))


def databases(settings: Settings) -> Databases:
    return {name: Database(app_url(name), name, settings.database_pool) for name in roles.SERVICES}
