"""An installation to verify: its tables can be copied and damaged, its processes stood in for."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from deploy.postgres import roles
from tests.databases import PASSWORDS
from tests.e2e.damages import Damage
from tests.stack import postgres_url
from tools.audit import cli
from tools.audit.invariant import Verdict
from tools.audit.target import Target
from tools.devstack import orphans, status
from tools.devstack.state import State
from tools.devstack.status import ProcessStatus, Status

PRISTINE, DAMAGED = "ieum_pristine", "ieum_damaged"
ALL = {f"I{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12)}


@asynccontextmanager
async def a_process(status: int) -> AsyncIterator[str]:
    """One that answers every question with this status."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} so\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def audit_url(database: str) -> str:
    return roles.login_url(postgres_url(), roles.AUDIT_ROLE, PASSWORDS[roles.AUDIT_ROLE], database)


async def drop(*names: str) -> None:
    admin = await asyncpg.connect(postgres_url())
    for name in names:
        await admin.execute(f"drop database if exists {name} with (force)")
    await admin.close()


async def copy(name: str, to: str) -> None:
    await drop(to)
    admin = await asyncpg.connect(postgres_url())
    await admin.execute(f"create database {to} template {name}")
    await admin.execute(f"grant connect on database {to} to {roles.AUDIT_ROLE}")
    await admin.close()


async def do(damage: Damage, database: str) -> None:
    """As superuser, past triggers and foreign keys."""
    settings = {"search_path": damage.service, "session_replication_role": "replica"}
    admin = await asyncpg.connect(roles.with_database(postgres_url(), database), server_settings=settings)
    await admin.execute(damage.sql)
    await admin.close()


async def verdicts(target: Target, grace_seconds: float = 0) -> dict[str, Verdict]:
    return {one.invariant.id: one for one in await cli.verdicts_on(target, grace_seconds)}


async def red(target: Target) -> dict[str, Any]:
    """What is red, with the reasons."""
    found = await verdicts(target)
    return {id: [*one.finding.violations, *one.vacuous] for id, one in found.items() if not one.ok}


def state_of(target: Target, folder: Path) -> State:
    """A state folder that says, as a running stack does, where this target is."""
    process = ProcessStatus("funding", "funding", ["api"], os.getpid(), port_of(target), 0, True)
    now = Status(
        supervisor=orphans.identity("ieum", os.getpid(), signal.SIGTERM),
        kafka={"bootstrap": target.kafka, "kind": "Apache Kafka", "brokers": 1},
        databases={},
        owners={},
        audit=target.database_url,
        apis={},
        board=None,
        inbox={},
        processes=[process],
    )
    state = State(folder)
    state.logs.mkdir(parents=True)
    (state.logs / "funding.log").write_text("{}\n", encoding="utf-8")
    status.write(state, now)
    return state


def port_of(target: Target) -> int:
    assert target.processes
    return int(target.processes[0].rpartition(":")[2])
