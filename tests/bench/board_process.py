"""The board in a process of its own: the monitoring service with the given roles, as the local stack runs it."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from tests.bench.server_processes import ServerProcess
from tests.bench.servers import Servers
from tests.databases import app_url
from tools.devstack import processes
from tools.devstack.configuration import BOARD_OPERATOR
from tools.devstack.health import wait_until_ready
from tools.devstack.ports import LOOPBACK, free_ports
from tools.devstack.processes import Program
from tools.devstack.services import environment

TODAY = date(2025, 12, 31)


@asynccontextmanager
async def board(servers: Servers, roles: Sequence[str] = ("api",)) -> AsyncIterator[ServerProcess]:
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
            await wait_until_ready([f"http://{LOOPBACK}:{port}"])
            yield ServerProcess(port, child.pid)
        finally:
            await asyncio.to_thread(processes.stop, child, program)
