"""The embedded stack on a folder of its own, spoken to as people and outsiders do, and broken as tests wish."""

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
from tests.e2e.small_story import SERVICES, Json, WithHttp
from tools.devstack import orphans, status
from tools.devstack.errors import StackError
from tools.devstack.postgres import Postgres
from tools.devstack.state import State
from tools.devstack.status import ProcessStatus, Status
from tools.devstack.tokens import mint

PATIENCE = 180.0  # seconds; the machine may be busy
HASTE = {
    "IEUM_PARKING_SECONDS": "40",
    "IEUM_DEAD_LETTERS_BEFORE_STOP": "3",
    "IEUM_STUCK_SECONDS": "5",
    "IEUM_BACKOFF_LIMIT_SECONDS": "2",
}


class Live(WithHttp):
    """The town of the small story, as processes."""

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
        self, service: str, path: str, body: Json, who: str = "officer:kim", method: str = "POST"
    ) -> Json:
        role, _, subject = who.partition(":")
        token = mint(self.state, subject, [role])
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
        url = f"{self.status.apis[service]}{path}"
        answer = await self.client.request(method, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def rows(self, service: str, table: str, where: str = "true") -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.status.owners[service])
        try:
            found = await connection.fetch(f'select * from {service}."{table}" where {where} order by 1')
            return [dict(row) for row in found]
        finally:
            await connection.close()

    async def quiet(self) -> bool:
        """Nothing to publish, and nobody behind."""
        for one in self.services:
            shown = (await self.client.get(f"{self.status.apis[one.name]}/metrics")).text
            waiting = [
                line for line in shown.splitlines() if line.startswith(("ieum_outbox_d", "ieum_lag_r"))
            ]
            if not waiting or any(not line.endswith(" 0.0") for line in waiting):
                return False
        return True

    async def settle(self) -> None:
        """Lags are looked at once a second: what was quiet for so long has heard all."""
        calm, deadline = 0, time.monotonic() + PATIENCE
        while calm < 3:
            calm = calm + 1 if await self.quiet() else 0
            assert time.monotonic() < deadline, "the services never fall silent"
            await asyncio.sleep(0.5)

    async def log(self, topic: str) -> list[Any]:
        raise NotImplementedError("the topics are not read here")

    def process(self, name: str) -> ProcessStatus:
        return next(one for one in self.status.processes if one.name == name)

    def tell(self, name: str, what: signal.Signals) -> None:
        os.kill(self.process(name).pid, what)

    def logged(self, name: str) -> str:
        return (self.state.logs / f"{name}.log").read_text(encoding="utf-8")

    async def problems(self, service: str) -> str:
        """What its /readyz says."""
        answer = await self.client.get(f"{self.status.apis[service]}/readyz")
        return " ".join(answer.json()["problems"].values())

    async def until_problem(self, service: str, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in (said := await self.problems(service)):
            assert time.monotonic() < deadline, f"{service} says only: {said}"
            await asyncio.sleep(0.3)

    def address_of_superuser(self) -> str:
        password, port = self.state.secrets().admin, self.status.owners["funding"].rpartition(":")[2]
        return f"postgresql://postgres:{password}@127.0.0.1:{port}"


@asynccontextmanager
async def a_live_stack(folder: Path) -> AsyncIterator[Live]:
    """Up, in haste; whatever happens, it is ended."""
    state = State(folder / "state")
    stack = started(state, folder / "said")
    try:
        await until_up(state, stack, folder / "said")
        async with Live(state) as live:
            await live.start()
            yield live
    finally:
        stack.send_signal(signal.SIGINT)
        await asyncio.to_thread(stack.wait, 120)
        orphans.end_leftovers(state.processes)
        Postgres(state.folder / "postgres", state.logs, 0, "").remove()


def started(state: State, said: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **HASTE}
    for name in ("IEUM_DATABASE_URL", "IEUM_KAFKA_BOOTSTRAP"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "tests.observability.up", str(state.folder)]
    with said.open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


async def until_up(state: State, stack: "subprocess.Popen[bytes]", said: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_up(state):
        late = time.monotonic() > deadline
        assert (stack.poll(), late) == (None, False), f"not up: see {said}"
        await asyncio.sleep(0.3)


def is_up(state: State) -> bool:
    try:
        now = status.read(state)
    except (StackError, psutil.Error):
        return False
    return all(one.ready for one in now.processes if one.port)
