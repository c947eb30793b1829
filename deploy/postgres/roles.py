"""Creation of the database `ieum`, its schemas and roles: idempotent, on our server or an existing one."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

DATABASE = "ieum"
SERVICES = ("applications", "funding", "monitoring", "notifications")
AUDIT_ROLE = "ieum_audit"
"""Reads every schema and can write to none: the auditor logs in as it."""
INIT = Path(__file__).with_name("init.sql")


def app_role(service: str) -> str:
    """Return the role that the service runs as: it can read and write rows of its own schema only."""
    return f"ieum_{service}"


def owner_role(service: str) -> str:
    """Return the role that owns the service's schema; only migrations run as it."""
    return f"ieum_{service}_owner"


def new_passwords() -> dict[str, str]:
    """Return a random password for each role."""
    names = [role for service in SERVICES for role in (app_role(service), owner_role(service))]
    return {role: secrets.token_urlsafe(24) for role in (*names, AUDIT_ROLE)}


async def prepare(admin_url: str, passwords: Mapping[str, str], database: str = DATABASE) -> None:
    """Create the database unless it exists, then run init.sql in it.

    `admin_url` logs in as a superuser, or as a role with CREATEDB and CREATEROLE; its own database is not changed.
    """
    await _create_database(admin_url, database)
    settings = {"ieum.passwords": json.dumps(dict(passwords))}
    connection = await asyncpg.connect(with_database(admin_url, database), server_settings=settings)
    try:
        await connection.execute(INIT.read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def _create_database(admin_url: str, database: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            # another start may create it between our query and our command
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


def with_database(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def login_url(admin_url: str, role: str, password: str, database: str = DATABASE) -> str:
    """Return the address under which `role` logs in to the server of `admin_url`."""
    parts = urlsplit(admin_url)
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password)}@{server}", path=f"/{database}"))
