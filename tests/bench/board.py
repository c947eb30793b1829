"""The board as a process of its own, the monitoring service with the roles that are wanted, as the local stack runs it."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
from httpx import AsyncClient, HTTPError, Timeout

from deploy.local import processes
from deploy.local.layout import BOARD_OPERATOR
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.processes import Program
from deploy.local.services import environment
from tests.bench.servers import Servers
from tests.databases import app_url

TODAY = date(2025, 12, 31)
PATIENCE = 120.0  # seconds until it answers


@dataclass(frozen=True)
class Board:
    url: str
    pid: int

    def client(self) -> AsyncClient:
        return AsyncClient(base_url=self.url, timeout=Timeout(60))

    def cpu_seconds(self) -> float:
        spent = psutil.Process(self.pid).cpu_times()
        return float(spent.user + spent.system)


@asynccontextmanager
async def board(servers: Servers, roles: Sequence[str] = ("api",)) -> AsyncIterator[Board]:
    [port] = free_ports(1)
    settings = environment(
        host=LOOPBACK,
        port=str(port),
        database_url=app_url("monitoring"),
        kafka_bootstrap=servers.settings.kafka_bootstrap,
        board_operator=BOARD_OPERATOR,
        business_date=TODAY.isoformat(),
        log_level="WARNING",
    )
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "services.monitoring", *roles)
        program = Program("monitoring", command, Path(folder) / "monitoring.log", settings)
        child = processes.start(program)
        try:
            found = Board(f"http://{LOOPBACK}:{port}", child.pid)
            await answers(found, program)
            yield found
        finally:
            await asyncio.to_thread(processes.stop, child, program)


async def answers(found: Board, program: Program) -> None:
    """Raises TimeoutError, with what the process said, where it does not come up."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    async with found.client() as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except HTTPError:
                pass  # not listening yet
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(program.log.read_text()[-2_000:])
            await asyncio.sleep(0.2)
