"""The embedded stack: PostgreSQL, Kafka, the inboxes and the services, started and stopped in order."""

import asyncio
import shutil
from collections.abc import Iterator

import asyncpg
import httpx

from deploy.kafka import topics
from deploy.postgres import roles
from tools.devstack import brokers, health, kafka, orphans, postgres, processes, report
from tools.devstack.configuration import Configuration, Options
from tools.devstack.console import Terminal
from tools.devstack.errors import StackError
from tools.devstack.postgres import Postgres
from tools.devstack.services import MONITORING
from tools.devstack.state import State
from tools.devstack.supervisor import Supervisor
from tools.devstack.waiting import all_of

SERVERS, INBOXES, SERVICES = range(3)  # stages: the highest is stopped first


class Stack:
    """One stack on one state folder; its constructor chooses the brokers and downloads Kafka's jars when they are missing."""

    def __init__(self, state: State, options: Options, terminal: Terminal) -> None:
        self.state, self.terminal = state, terminal
        self.supervisor = Supervisor(state.processes, terminal.print)
        self._end_orphans()
        with terminal.step("Apache Kafka 파일 확인 / Kafka's jars") as progress:
            self.kafka = brokers.choose(state, options.brokers, options.preferred_ports, progress)
        self.configuration = Configuration(state, options, self.kafka)

    def _end_orphans(self) -> None:
        """End orphaned processes before any port is chosen: they may still hold the preferred ones."""
        for name in orphans.end_orphans(self.state.processes):
            self.terminal.print(f"지난 실행에서 남은 {name}: 끝냈습니다 / ended what an earlier run left.")

    async def start(self) -> None:
        """Start everything and wait until every process is ready; raises StackError with the end of the failing log."""
        with self.terminal.step("PostgreSQL, Kafka"):
            await all_of(self._start_postgres(), self._start_kafka())
        with self.terminal.step("데이터베이스 구조 / migrations"):
            await processes.run(self.configuration.migrations())
        if await self._has_board():
            with self.terminal.step("현황 투영의 판 / version of the board's folds"):
                await processes.run(self.configuration.board_rebuild())
        with self.terminal.step(f"서비스 {len(self.configuration.processes)}개 프로세스 / services"):
            await self._start_services()
        self._report([True] * len(self.configuration.processes))

    async def run(self) -> None:
        """Restart ended processes and refresh the status file, for ever."""
        await all_of(self.supervisor.watch(), self._keep_status())

    async def stop(self) -> None:
        """Stop all processes: services first, then the inboxes, then brokers and database."""
        await self.supervisor.stop()
        self.state.status.unlink(missing_ok=True)

    async def _start_postgres(self) -> None:
        server = self.configuration.postgres
        if not self.configuration.existing_database:
            await server.prepare()
            self.supervisor.start(server.program(), SERVERS)
            await self.supervisor.while_alive(postgres.wait_until_ready(server.url))
        try:
            await roles.prepare(self.configuration.admin_url, self.state.secrets().roles)
        except (asyncpg.PostgresError, OSError) as failure:
            raise StackError(
                f"데이터베이스에 스키마와 역할을 만들지 못했습니다. IEUM_DATABASE_URL의 서버와 권한을 확인하십시오: {failure}\n"
                "  Schemas and roles could not be made: check the server and the rights of IEUM_DATABASE_URL "
                "(CREATEDB and CREATEROLE, PostgreSQL 15 or newer)."
            ) from failure

    async def _start_kafka(self) -> None:
        await self.kafka.prepare()
        for program in self.kafka.programs():
            self.supervisor.start(program, SERVERS)
        await self.supervisor.while_alive(kafka.wait_until_ready(self.kafka.bootstrap, self.kafka.brokers))
        await topics.create(self.kafka.bootstrap)

    async def _has_board(self) -> bool:
        """Return whether a projector has folded anything on this state: rows that an earlier release may have made."""
        if MONITORING not in {process.service.name for process in self.configuration.processes}:
            return False
        connection = await asyncpg.connect(self.configuration.owners()[MONITORING])
        try:
            return bool(
                await connection.fetchval("select version is not null from monitoring.live_projection")
            )
        finally:
            await connection.close()

    async def _start_services(self) -> None:
        if starts_at := self.configuration.options.clock_starts_at:
            self.state.business_clock.advance_to(starts_at)
        self.supervisor.start(self.configuration.inbox(), INBOXES)
        for process in self.configuration.processes:
            environment = self.configuration.environment(process)
            self.supervisor.start(process.program(environment, self.state.logs), SERVICES)
        await self.supervisor.while_alive(health.wait_until_ready(self._health_urls()))

    def _health_urls(self) -> Iterator[str]:
        yield self.configuration.inbox_url
        yield from (process.url for process in self.configuration.processes)

    async def _keep_status(self) -> None:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while True:
                urls = [process.url for process in self.configuration.processes]
                self._report([await health.is_ready(client, url) for url in urls])
                await asyncio.sleep(1)

    def _report(self, ready: list[bool]) -> None:
        report.write(self.configuration, self.supervisor.processes, ready)


def remove(state: State) -> None:
    """Delete a state folder on which nothing runs, and the data of root's database outside of it."""
    Postgres(state.folder / "postgres", state.logs / "postgres.log", 0, "").remove()
    shutil.rmtree(state.folder)
