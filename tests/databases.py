"""The real schemas, by the real migrations, entered as the real roles."""

import asyncpg

from deploy.postgres import roles
from shared.config import Settings
from shared.db import Database
from shared.migrate import migrate
from tests.stack import postgres_url

NAME = "ieum"
PASSWORDS = roles.new_passwords()
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
    connection = await admin()
    try:
        await connection.execute(EMPTY)
    finally:
        await connection.close()


async def admin() -> asyncpg.Connection:
    return await asyncpg.connect(roles.within(postgres_url(), NAME))


def databases(settings: Settings) -> Databases:
    return {name: Database(app_url(name), name, settings.database_pool) for name in roles.SERVICES}
