"""A process and its roles: lost connections are replaced, and a terminated process ends its work in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from httpx import AsyncClient, HTTPError

from shared.config import Settings
from shared.database.engine import Database, is_transient
from shared.database.transaction import Connection, Transaction
from tests.databases import Databases, admin, app_url
from tools.devstack.ports import free_ports


@pytest.mark.parametrize("turns", range(20), ids=lambda turns: f"noticed after {turns} loop turns")
async def test_lost_connection_is_replaced(databases: Databases, turns: int) -> None:
    """The error depends on how far the client has read the server's last message; every one of them is transient."""
    database = Database(app_url("funding"), "funding", pool=1)
    await lose_connection(database)
    for _ in range(turns):
        await asyncio.sleep(0)

    [lost] = await asyncio.gather(work(database), return_exceptions=True)
    assert lost is None or is_transient(lost)  # none where the pool has noticed in time
    await work(database)
    await database.close()


async def test_connection_lost_while_idle_is_replaced_without_an_error(databases: Databases) -> None:
    database = Database(app_url("funding"), "funding", pool=1)
    await lose_connection(database)
    await asyncio.sleep(0.1)

    await work(database)

    await database.close()


async def lose_connection(database: Database) -> None:
    """Terminate the pool's only connection, which is idle, on the server."""
    async with database.transaction() as transaction:
        pid = await transaction.value("select pg_backend_pid()")
    superuser = await admin()
    await superuser.execute("select pg_terminate_backend($1)", pid)
    await superuser.close()


async def work(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.value("select 1") == 1


@pytest.mark.parametrize("kind", ["transaction", "batch_transaction"])
@pytest.mark.parametrize("turns", range(20), ids=lambda turns: f"cancelled after {turns} loop turns")
async def test_commit_after_a_cancelled_task_is_durable(databases: Databases, kind: str, turns: int) -> None:
    """The task's connection goes back to the pool: an open transaction on it would swallow the next commit."""
    database = Database(app_url("funding"), "funding", pool=1)
    async with database.transaction() as transaction:
        await transaction.fetch("select 1")

    task = asyncio.create_task(work_slowly(getattr(database, kind)))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    async with database.transaction() as transaction:
        await transaction.fetch("insert into stream (subject, last) values ('committed', 1)")

    async with databases["funding"].transaction() as transaction:
        assert [row[0] for row in await transaction.fetch("select subject from stream")] == ["committed"]
    await database.close()


async def work_slowly(begin: Callable[[], AbstractAsyncContextManager[Transaction | Connection]]) -> None:
    async with begin() as transaction:
        await transaction.fetch("insert into stream (subject, last) values ('cancelled', 1)")
        await transaction.fetch("select pg_sleep(0.05)")


PROCESS = """
import asyncio
from sqlalchemy import MetaData
from shared.events.funding import FundingRecordDeadLettered
from shared.service import Service, main

async def work(context):
    context.health.progress()
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.2)
        print("ended in order", flush=True)

main(Service(name="funding", title="t", tables=MetaData(), dead_letter_event=FundingRecordDeadLettered, roles={"work": work}))
"""


async def test_role_ends_its_work_when_the_process_is_terminated(databases: Databases) -> None:
    [port] = free_ports(1)
    env = os.environ | {"IEUM_DATABASE_URL": app_url("funding"), "IEUM_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROCESS,
        "work",
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await wait_until_ready(port)

    process.send_signal(signal.SIGTERM)
    output, _ = await process.communicate()

    assert (process.returncode, output) == (0, b"ended in order\n")


async def test_api_without_kafka_is_ready_and_relay_is_not(databases: Databases, settings: Settings) -> None:
    [port] = free_ports(1)
    env = os.environ | {
        "IEUM_DATABASE_URL": app_url("funding"),
        "IEUM_PORT": str(port),
        "IEUM_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.funding", "api", "relay", env=env, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        problems = await wait_for_problems(port, {"relay"})
        assert "relay" in problems
    finally:
        process.terminate()
        await process.wait()


async def wait_until_ready(port: int) -> None:
    await wait_for_problems(port, set())


async def wait_for_problems(port: int, roles: set[str]) -> dict[str, str]:
    async with AsyncClient() as client:
        for _ in range(200):
            try:
                problems: dict[str, str] = (await client.get(f"http://127.0.0.1:{port}/readyz")).json()[
                    "problems"
                ]
                if set(problems) == roles:
                    return problems
            except HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError(f"the roles that are not ready never become {roles}")
