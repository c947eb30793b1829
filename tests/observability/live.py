"""The embedded stack as processes on a state folder of its own, with means to call it, observe it and inject faults."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaProducer

from shared.config import Settings
from tests.e2e.small_scenario import SERVICES, Json, ServicesWithHttp
from tools.devstack import orphans, status
from tools.devstack.errors import StackError
from tools.devstack.postgres import Postgres
from tools.devstack.state import State
from tools.devstack.status import ProcessStatus, Status
from tools.devstack.tokens import mint

TIMEOUT_SECONDS = 180.0  # the machine may be busy
SHORT_LIMITS = {
    "IEUM_PARKING_SECONDS": "40",
    "IEUM_DEAD_LETTERS_BEFORE_STOP": "3",
    "IEUM_STUCK_SECONDS": "5",
    "IEUM_BACKOFF_LIMIT_SECONDS": "2",
}


class LiveStack(ServicesWithHttp):
    """A client of a running stack: HTTP commands, events of other systems, tables, metrics, logs and signals."""

    def __init__(self, state: State) -> None:
        super().__init__(SERVICES, {}, Settings())
        self.state = state

    @property
    def status(self) -> Status:
        return status.read(self.state)

    async def start(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.status.kafka["bootstrap"], acks="all")
        self.send = (await self.enter_async_context(producer)).send_and_wait
        self.client = await self.enter_async_context(httpx.AsyncClient(timeout=60, trust_env=False))

    async def ask(
        self, service: str, path: str, body: Json, actor: str = "officer:kim", method: str = "POST"
    ) -> Json:
        role, _, subject = actor.partition(":")
        token = mint(self.state, subject, [role])
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
        url = f"{self.status.apis[service]}{path}"
        answer = await self.client.request(method, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        result: Json = answer.json()
        return result

    async def rows(self, service: str, table: str, where: str = "true") -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.status.owners[service])
        try:
            rows = await connection.fetch(f'select * from {service}."{table}" where {where} order by 1')
            return [dict(row) for row in rows]
        finally:
            await connection.close()

    async def is_quiescent(self) -> bool:
        """Return whether every service's metrics show an empty outbox and no lag."""
        for service in self.services:
            text = (await self.client.get(f"{self.status.apis[service.name]}/metrics")).text
            gauges = [line for line in text.splitlines() if line.startswith(("ieum_outbox_d", "ieum_lag_r"))]
            if not gauges or any(not line.endswith(" 0.0") for line in gauges):
                return False
        return True

    async def settle(self) -> None:
        """Wait until three measurements in a row show quiescence: the lag is measured once a second."""
        quiescent, deadline = 0, time.monotonic() + TIMEOUT_SECONDS
        while quiescent < 3:
            quiescent = quiescent + 1 if await self.is_quiescent() else 0
            assert time.monotonic() < deadline, "the services never become quiescent"
            await asyncio.sleep(0.5)

    async def log(self, topic: str) -> list[Any]:
        raise NotImplementedError("the topics are not read here")

    def process(self, name: str) -> ProcessStatus:
        return next(process for process in self.status.processes if process.name == name)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.process(name).pid, number)

    def log_text(self, name: str) -> str:
        return (self.state.logs / f"{name}.log").read_text(encoding="utf-8")

    async def readiness_problems(self, service: str) -> str:
        """Return the problems that the service's /readyz lists, as one text."""
        answer = await self.client.get(f"{self.status.apis[service]}/readyz")
        return " ".join(answer.json()["problems"].values())

    async def wait_for_problem(self, service: str, words: str) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while words not in (problems := await self.readiness_problems(service)):
            assert time.monotonic() < deadline, f"{service} reports only: {problems}"
            await asyncio.sleep(0.3)

    def superuser_url(self) -> str:
        password, port = self.state.secrets().admin, self.status.owners["funding"].rpartition(":")[2]
        return f"postgresql://postgres:{password}@127.0.0.1:{port}"


@asynccontextmanager
async def live_stack(folder: Path) -> AsyncIterator[LiveStack]:
    """Start a stack with short limits on a folder, yield it when it is ready, and stop it in any case."""
    state = State(folder / "state")
    stack = start_stack(state, folder / "output")
    try:
        await wait_until_ready(state, stack, folder / "output")
        async with LiveStack(state) as live:
            await live.start()
            yield live
    finally:
        stack.send_signal(signal.SIGINT)
        await asyncio.to_thread(stack.wait, 120)
        orphans.end_orphans(state.processes)
        Postgres(state.folder / "postgres", state.logs, 0, "").remove()


def start_stack(state: State, output: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **SHORT_LIMITS}
    for name in ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "tests.observability.up", str(state.folder)]
    with output.open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


async def wait_until_ready(state: State, stack: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_ready(state):
        is_late = time.monotonic() > deadline
        assert (stack.poll(), is_late) == (None, False), f"not up: see {output}"
        await asyncio.sleep(0.3)


def is_ready(state: State) -> bool:
    try:
        now = status.read(state)
    except (StackError, psutil.Error):
        return False
    return all(process.ready for process in now.processes if process.port)
