"""The embedded stack as one thing: PostgreSQL, Kafka, the inboxes and the services, started in order, ended in order."""

import asyncio
import shutil
from collections.abc import Iterator

import asyncpg
import httpx

from deploy.kafka import topics
from deploy.postgres import roles
from tools.devstack import brokers, health, kafka, orphans, postgres, processes, report
from tools.devstack.configuration import Layout, Options
from tools.devstack.console import Terminal
from tools.devstack.errors import StackError
from tools.devstack.postgres import Postgres
from tools.devstack.state import State
from tools.devstack.supervisor import Supervisor
from tools.devstack.waiting import all_of

SERVERS, INBOXES, SERVICES = range(3)  # stages: the last is stopped first


class Stack:
    """One stack on one state folder. The brokers are chosen when it is made (a first time downloads them)."""

    def __init__(self, state: State, options: Options, terminal: Terminal) -> None:
        self.state, self.terminal = state, terminal
        self.supervisor = Supervisor(state.processes, terminal.say)
        self._end_leftovers()
        with terminal.step("Apache Kafka 파일 확인 / Kafka's jars") as progress:
            self.kafka = brokers.choose(state, options.brokers, options.pleasant, terminal.say, progress)
        self.layout = Layout(state, options, self.kafka)

    def _end_leftovers(self) -> None:
        """Before any port is chosen: what is left may still hold the pleasant ones."""
        for name in orphans.end_leftovers(self.state.processes):
            self.terminal.say(f"지난 실행에서 남은 {name}: 끝냈습니다 / ended what an earlier run left.")

    async def start(self) -> None:
        """Start everything; returns when every process is ready. Raises StackError, with the log that tells why."""
        with self.terminal.step("PostgreSQL, Kafka"):
            await all_of(self._start_postgres(), self._start_kafka())
        with self.terminal.step("데이터베이스 구조 / migrations"):
            await processes.run(self.layout.migrations())
        with self.terminal.step(f"서비스 {len(self.layout.processes)}개 프로세스 / services"):
            await self._start_services()
        self._report([True] * len(self.layout.processes))

    async def run(self) -> None:
        """Restart what dies and keep the status file, for ever."""
        await all_of(self.supervisor.watch(), self._keep_status())

    async def stop(self) -> None:
        """End all processes: services first, then the inboxes, then brokers and database."""
        await self.supervisor.stop()
        self.state.status.unlink(missing_ok=True)

    async def _start_postgres(self) -> None:
        server = self.layout.postgres
        if not self.layout.given_database:
            if not self.kafka.durable:
                server.remove()
            await server.prepare()
            self.supervisor.start(server.program(), SERVERS)
            await self.supervisor.while_alive(postgres.wait_until_ready(server.url))
        try:
            await roles.prepare(self.layout.admin_url, self.state.secrets().roles)
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

    async def _start_services(self) -> None:
        self.supervisor.start(self.layout.inbox(), INBOXES)
        for one in self.layout.processes:
            self.supervisor.start(one.program(self.layout.environment(one), self.state.logs), SERVICES)
        await self.supervisor.while_alive(health.wait_until_ready(self._health_urls()))

    def _health_urls(self) -> Iterator[str]:
        yield self.layout.inbox_url
        yield from (one.url for one in self.layout.processes)

    async def _keep_status(self) -> None:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while True:
                self._report([await health.is_ready(client, one.url) for one in self.layout.processes])
                await asyncio.sleep(1)

    def _report(self, ready: list[bool]) -> None:
        report.write(self.layout, self.supervisor.children, ready)


def remove(state: State) -> None:
    """Delete a state folder on which nothing runs, with the data that root's database keeps outside of it."""
    for name in ("postgres", "postgres-memory"):
        Postgres(state.folder / name, state.logs / "postgres.log", 0, "").remove()
    shutil.rmtree(state.folder)
