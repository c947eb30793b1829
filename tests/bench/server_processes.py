"""Server processes under measurement, the product's and those of bare contestants, and the cost of their requests."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.bench import load_generator
from tests.bench.load_generator import Responses
from tests.databases import app_url
from tools.devstack import processes
from tools.devstack.ports import free_ports
from tools.devstack.processes import Program

SPAWN = multiprocessing.get_context("spawn")
STARTUP_TIMEOUT = 60.0  # seconds


class ServerProcess(NamedTuple):
    """A web server in a process of its own."""

    port: int
    pid: int


class Cost(NamedTuple):
    """Cost of a run: requests a second, seconds of each request, and the server's CPU seconds a request."""

    per_second: float
    latencies: list[float]
    cpu: float


@asynccontextmanager
async def service(name: str, jwks: Path, folder: Path) -> AsyncIterator[ServerProcess]:
    """Run `python -m services.<name> api`, as everywhere."""
    [port] = free_ports(1)
    environment = {"IEUM_DATABASE_URL": app_url(name), "IEUM_JWKS_FILE": str(jwks), "IEUM_PORT": str(port)}
    command = (sys.executable, "-m", f"services.{name}", "api")
    program = Program(name, command, folder / f"{name}.log", environment)
    child = processes.start(program)
    try:
        await wait_until_listening(port)
        yield ServerProcess(port, child.pid)
    finally:
        processes.stop(child, program)


@asynccontextmanager
async def process(target: Callable[..., None], argument: Any) -> AsyncIterator[ServerProcess]:
    """Run `target(argument, port)` in a process."""
    [port] = free_ports(1)
    child = SPAWN.Process(target=target, args=(argument, port), daemon=True)
    child.start()
    assert child.pid is not None
    try:
        await wait_until_listening(port)
        yield ServerProcess(port, child.pid)
    finally:
        child.terminate()
        child.join(10)


async def wait_until_listening(port: int) -> None:
    async with asyncio.timeout(STARTUP_TIMEOUT):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return writer.close()


async def send_all(server: ServerProcess, requests: Sequence[bytes], connections: int) -> Responses:
    """Send all requests from a process of its own."""
    process, loop = psutil.Process(server.pid), asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        responses = await loop.run_in_executor(pool, load_generator.run, server.port, requests, connections)
    assert process.is_running(), "the server died"
    return responses


async def measure_cost(
    server: ServerProcess, requests: Sequence[bytes], connections: int, expected: int
) -> Cost:
    """Measure the cost of the requests; raises AssertionError if a response has another status than expected."""
    before = cpu_seconds(server.pid)
    responses = await send_all(server, requests, connections)
    assert responses.statuses == {expected: len(requests)}, responses.statuses
    latencies = [response.seconds for response in responses.each]
    return Cost(responses.per_second, latencies, (cpu_seconds(server.pid) - before) / len(requests))


def cpu_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system
