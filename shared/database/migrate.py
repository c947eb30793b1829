"""Migrate one service's schema with Alembic, as the schema's owner: the shared tables and the service's own."""

from importlib.util import find_spec
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

SHARED = Path(__file__).parents[1] / "messaging" / "migrations"


def config(service: str) -> Config:
    """Return Alembic's configuration with two branches: `delivery`, the same for all services, and the service's own."""
    spec = find_spec(f"services.{service}")
    assert spec is not None
    assert spec.origin is not None
    own = Path(spec.origin).parent / "migrations"
    configuration = Config()
    configuration.set_main_option("script_location", str(SHARED))
    configuration.set_main_option("version_locations", f"{SHARED / 'versions'};{own}")
    configuration.set_main_option("path_separator", ";")
    return configuration


async def migrate(service: str, url: str) -> None:
    """Bring the schema to its newest state; `url` is its owner's."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, service)
    await engine.dispose()


def upgrade(connection: Connection, service: str) -> None:
    """Upgrade both branches; of several processes at once, one at a time."""
    connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext(current_schema() || '.migrate'))")
    configuration = config(service)
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "heads")


def script(sql: str) -> None:
    """Run statements of a migration in its transaction: any number, function bodies included."""
    raw = op.get_bind().connection.driver_connection
    assert raw is not None
    await_only(raw.execute(sql))


def heads(service: str) -> set[str]:
    """Return the newest revisions of the service's branches."""
    return set(ScriptDirectory.from_config(config(service)).get_heads())


def current_revisions(connection: Connection) -> set[str]:
    """Return the revisions that the schema has."""
    return set(MigrationContext.configure(connection).get_current_heads())
