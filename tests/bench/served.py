"""Processes that are measured: the product's own, and those of a bare contestant; and what a request cost each."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.bench import load
from tests.bench.load import Answers
from tests.databases import app_url
from tools.devstack import processes
from tools.devstack.ports import free_ports
from tools.devstack.processes import Program

SPAWN = multiprocessing.get_context("spawn")
UP = 60.0  # seconds


class Served(NamedTuple):
    """A web server in a process of its own."""

    port: int
    pid: int


class Cost(NamedTuple):
    """What a run measured: requests a second, seconds of a request, CPU seconds of the server a request."""

    a_second: float
    each: list[float]
    cpu: float


@asynccontextmanager
async def service(name: str, jwks: Path, folder: Path) -> AsyncIterator[Served]:
    """`python -m services.<name> api`, as it is run everywhere."""
    [port] = free_ports(1)
    environment = {"IEUM_DATABASE_URL": app_url(name), "IEUM_JWKS_FILE": str(jwks), "IEUM_PORT": str(port)}
    command = (sys.executable, "-m", f"services.{name}", "api")
    program = Program(name, command, folder / f"{name}.log", environment)
    child = processes.start(program)
    try:
        await answering(port)
        yield Served(port, child.pid)
    finally:
        processes.stop(child, program)


@asynccontextmanager
async def process(target: Callable[..., None], given: Any) -> AsyncIterator[Served]:
    """`target(given, port)` in a process."""
    [port] = free_ports(1)
    child = SPAWN.Process(target=target, args=(given, port), daemon=True)
    child.start()
    assert child.pid is not None
    try:
        await answering(port)
        yield Served(port, child.pid)
    finally:
        child.terminate()
        child.join(10)


async def answering(port: int) -> None:
    async with asyncio.timeout(UP):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return writer.close()


async def answers_to(at: Served, requests: Sequence[bytes], connections: int) -> Answers:
    """Sends them all, from a process of its own."""
    server, loop = psutil.Process(at.pid), asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        answers = await loop.run_in_executor(pool, load.run, at.port, requests, connections)
    assert server.is_running(), "the server died"
    return answers


async def measured(at: Served, requests: Sequence[bytes], connections: int, expected: int) -> Cost:
    """What they cost; each answer must have the expected status."""
    before = cpu_seconds(at.pid)
    answers = await answers_to(at, requests, connections)
    assert answers.statuses == {expected: len(requests)}, answers.statuses
    waited = [one.waited for one in answers.each]
    return Cost(answers.a_second, waited, (cpu_seconds(at.pid) - before) / len(requests))


def cpu_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system
