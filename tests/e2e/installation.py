"""An installation to audit: its database can be copied and mutated, its processes stood in for."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg

from deploy.postgres import roles
from tests.chaos import checks
from tests.chaos.checks.journals import Accepted
from tests.chaos.history import Operation
from tests.databases import PASSWORDS
from tests.stack import postgres_url
from tools.audit import cli
from tools.audit.catalogue import INVARIANTS
from tools.audit.invariant import Verdict
from tools.audit.target import Target
from tools.devstack import orphans, status
from tools.devstack.state import State
from tools.devstack.status import ProcessStatus, Status

PRISTINE, MUTATED = "ieum_pristine", "ieum_mutated"
AUDIT = {invariant.id for invariant in INVARIANTS}
CHAOS = {"C1", "C2", "C3", "C4"}


@asynccontextmanager
async def a_process(status: int) -> AsyncIterator[str]:
    """Serve HTTP that answers every request with this status."""

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


async def mutate(sql: str, service: str, database: str = MUTATED) -> None:
    """Run SQL as superuser, past triggers and foreign keys."""
    settings = {"search_path": service, "session_replication_role": "replica"}
    admin = await asyncpg.connect(roles.with_database(postgres_url(), database), server_settings=settings)
    await admin.execute(sql)
    await admin.close()


@dataclass(frozen=True)
class Installation:
    """An installation's address, the history of its requests, and what its providers accepted."""

    target: Target
    history: Sequence[Operation]
    accepted: Sequence[Accepted]

    def copied(self) -> "Installation":
        """Return the same with the copied database, which tests mutate."""
        return replace(self, target=replace(self.target, database_url=audit_url(MUTATED)))

    def at(self, target: Target) -> "Installation":
        return replace(self, target=target)

    async def verdicts(self, grace_seconds: float = 0) -> dict[str, Verdict]:
        """Return the verdicts of the auditor and of the checks of a run with a history."""
        invariants = [*INVARIANTS, *checks.invariants(self.history, self.accepted)]
        verdicts = await cli.verdicts_on(self.target, grace_seconds, invariants)
        return {verdict.invariant.id: verdict for verdict in verdicts}

    async def violated(self) -> dict[str, Any]:
        """Return the invariants that do not hold, with the reasons."""
        return {
            id: [*verdict.finding.violations, *verdict.vacuous]
            for id, verdict in (await self.verdicts()).items()
            if not verdict.ok
        }


def state_of(target: Target, folder: Path) -> State:
    """Write a state folder that names this target as a running stack does."""
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
