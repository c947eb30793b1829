"""Migrations of one service's schema, run as its owner: the delivery tables', then its own (Alembic)."""

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
    """Two branches, both brought to their heads: `delivery`, the same for all, and the service's own."""
    spec = find_spec(f"services.{service}")
    assert spec is not None
    assert spec.origin is not None
    own = Path(spec.origin).parent / "migrations"
    found = Config()
    found.set_main_option("script_location", str(SHARED))
    found.set_main_option("version_locations", f"{SHARED / 'versions'};{own}")
    found.set_main_option("path_separator", ";")
    return found


async def migrate(service: str, url: str) -> None:
    """Bring the schema to its newest state. `url` is the owner's."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, service)
    await engine.dispose()


def upgrade(connection: Connection, service: str) -> None:
    """One at a time a schema, however many processes start at once."""
    connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext(current_schema() || '.migrate'))")
    found = config(service)
    found.attributes["connection"] = connection
    command.upgrade(found, "heads")


def script(sql: str) -> None:
    """For migrations: any number of statements, function bodies among them, in the running transaction."""
    raw = op.get_bind().connection.driver_connection
    assert raw is not None
    await_only(raw.execute(sql))


def heads(service: str) -> set[str]:
    return set(ScriptDirectory.from_config(config(service)).get_heads())


def current_revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())
