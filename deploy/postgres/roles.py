"""Makes the database `ieum`, its schemas and roles; as often as you like, on our server or on a given one."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

DATABASE = "ieum"
SERVICES = ("applications", "funding", "monitoring", "notifications")
INIT = Path(__file__).with_name("init.sql")


def app_role(service: str) -> str:
    """Return the role that the service runs as: it reads and writes rows of its own schema, no more."""
    return f"ieum_{service}"


def owner_role(service: str) -> str:
    """Return the role that owns the service's schema; migrations run as it, and nothing else does."""
    return f"ieum_{service}_owner"


def new_passwords() -> dict[str, str]:
    """Return a random password for each role."""
    return {role: secrets.token_urlsafe(24) for one in SERVICES for role in (app_role(one), owner_role(one))}


async def prepare(admin_url: str, passwords: Mapping[str, str], database: str = DATABASE) -> None:
    """Make the database when it is missing, then run init.sql in it.

    `admin_url` is a superuser's, or that of a role with CREATEDB and CREATEROLE; its database is only connected to.
    """
    await _create_database(admin_url, database)
    settings = {"ieum.passwords": json.dumps(dict(passwords))}
    connection = await asyncpg.connect(within(admin_url, database), server_settings=settings)
    try:
        await connection.execute(INIT.read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def _create_database(admin_url: str, database: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            # another start may make it between our question and our order
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


def within(url: str, database: str) -> str:
    """Return the same server's address with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def login(admin_url: str, role: str, password: str, database: str = DATABASE) -> str:
    """Return the address with which `role` logs in on the server of `admin_url`."""
    parts = urlsplit(admin_url)
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password)}@{server}", path=f"/{database}"))
