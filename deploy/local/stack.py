"""The embedded stack as one thing: PostgreSQL, Kafka, the inboxes and the services, started in order, ended in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import httpx

from deploy.kafka import topics
from deploy.local import brokers, health, kafka, leftovers, postgres, processes, services, status, tokens
from deploy.local.console import Advance, Terminal
from deploy.local.ports import LOOPBACK, free_ports, port_near
from deploy.local.postgres import Postgres
from deploy.local.processes import Program
from deploy.local.services import MONITORING, SERVICES, Service, ServiceProcess
from deploy.local.state import State
from deploy.local.status import ProcessStatus, Status
from deploy.local.supervisor import Supervisor
from deploy.local.waiting import all_of
from deploy.postgres import roles

SERVERS, INBOXES, PROCESSES = range(3)  # stages: the last is stopped first
SMS_SENDER = "0541234567"
RECEIPTS_PATH = "/receipts/solapi"


@dataclass(frozen=True)
class Options:
    """How the stack is run; `pleasant` ports are the fixed ones where they are free, else any free ones are used."""

    brokers: int = 1
    split: bool = False
    business_date: date | None = None
    timer: bool | None = None  # None: a timer runs unless a business date is pinned
    board_operator: str | None = "demo-operator"
    pleasant: bool = True
    services: tuple[Service, ...] = SERVICES


class Stack:
    """One stack on one state folder. The brokers are chosen when it is made (a first time downloads them)."""

    def __init__(self, state: State, options: Options, terminal: Terminal) -> None:
        self.state, self.options, self.terminal = state, options, terminal
        self.supervisor = Supervisor(state.processes, terminal.say)
        self._end_leftovers()
        with terminal.step("Apache Kafka 파일 확인 / Kafka's jars") as progress:
            self.kafka = brokers.choose(state, options.brokers, options.pleasant, terminal.say, progress)
        self.given_database = os.environ.get("IEUM_DATABASE_URL")
        self.postgres = self._database()
        self.inbox_port, self.smtp_port = self._port(8825), self._port(2525)
        timer = options.business_date is None if options.timer is None else options.timer
        self.processes = services.plan(options.services, options.split, timer, options.pleasant)

    def _database(self) -> Postgres:
        """Return our server; beside a broker that forgets, it starts empty too, or offsets would not match."""
        kept = Postgres(
            self.state.folder / "postgres",
            self.state.logs / "postgres.log",
            self._port(55432),
            self.state.secrets().admin,
        )
        if self.kafka.durable:
            return kept
        forgotten = replace(kept, folder=self.state.folder / "postgres-memory")
        forgotten.remove()
        return forgotten

    def _end_leftovers(self) -> None:
        """Before any port is chosen: what is left may still hold the pleasant ones."""
        for name in leftovers.end_leftovers(self.state.processes):
            self.terminal.say(f"지난 실행에서 남은 {name}: 끝냈습니다 / ended what an earlier run left.")

    def _port(self, preferred: int) -> int:
        return port_near(preferred) if self.options.pleasant else free_ports(1)[0]

    @property
    def admin_url(self) -> str:
        """Return the address of PostgreSQL's superuser, ours or the given one."""
        return self.given_database or self.postgres.url

    async def start(self) -> None:
        """Start everything; returns when every process is ready. Raises StackError, with the log that tells why."""
        with self.terminal.step("PostgreSQL, Kafka"):
            await all_of(self._start_postgres(), self._start_kafka())
        with self.terminal.step("데이터베이스 구조 / migrations") as progress:
            await self._migrate(progress)
        with self.terminal.step(f"서비스 {len(self.processes)}개 프로세스 / services"):
            await self._start_services()
        self.write_status([True] * len(self.processes))

    async def run(self) -> None:
        """Restart what dies and keep the status file, for ever."""
        await all_of(self.supervisor.watch(), self._keep_status())

    async def stop(self) -> None:
        """End all processes: services first, then the inboxes, then brokers and database."""
        await self.supervisor.stop()
        self.state.status.unlink(missing_ok=True)

    async def _start_postgres(self) -> None:
        if not self.given_database:
            await self.postgres.prepare()
            self.supervisor.start(self.postgres.program(), SERVERS)
            await self.supervisor.while_alive(postgres.wait_until_ready(self.postgres.url))
        await roles.prepare(self.admin_url, self.state.secrets().roles)

    async def _start_kafka(self) -> None:
        await self.kafka.prepare()
        for program in self.kafka.programs():
            self.supervisor.start(program, SERVERS)
        await self.supervisor.while_alive(kafka.wait_until_ready(self.kafka.bootstrap, self.kafka.brokers))
        await topics.create(self.kafka.bootstrap, self.kafka.brokers)

    async def _migrate(self, progress: Advance) -> None:
        first = {one.service.name: one for one in self.processes}
        two_at_once, done = asyncio.Semaphore(2), 0

        async def migrate(one: ServiceProcess) -> None:
            nonlocal done
            async with two_at_once:
                await processes.run(one.migration(self._environment(one, owner=True), self.state.logs))
            done += 1
            progress(done, len(first))

        await all_of(*(migrate(one) for one in first.values()))

    async def _start_services(self) -> None:
        self.supervisor.start(self._inbox(), INBOXES)
        for one in self.processes:
            self.supervisor.start(one.program(self._environment(one), self.state.logs), PROCESSES)
        await self.supervisor.while_alive(health.wait_until_ready(self._health_urls()))

    def _health_urls(self) -> Iterator[str]:
        yield self._inbox_url
        yield from (one.url for one in self.processes)

    @property
    def _inbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.inbox_port}"

    def _inbox(self) -> Program:
        secrets, notifications = self.state.secrets(), self._api("notifications")
        settings = services.environment(
            inbox_port=str(self.inbox_port),
            inbox_smtp_port=str(self.smtp_port),
            inbox_folder=str(self.state.folder / "inbox"),
            sms_api_key=secrets.sms_api_key,
            sms_api_secret=secrets.sms_api_secret,
            sms_sender=SMS_SENDER,
            sms_receipt_url=f"{notifications}{RECEIPTS_PATH}" if notifications else None,
        )
        command = (sys.executable, "-m", "deploy.local.inbox")
        return Program("inbox", command, self.state.logs / "inbox.log", settings)

    def _environment(self, one: ServiceProcess, owner: bool = False) -> dict[str, str]:
        business_date, secrets = self.options.business_date, self.state.secrets()
        return services.environment(
            database_url=(self._owners() if owner else self._databases())[one.service.name],
            kafka_bootstrap=self.kafka.bootstrap,
            kafka_idempotence="1" if self.kafka.idempotent else "0",
            jwks_file=str(tokens.jwks_file(self.state)),
            token_issuer=tokens.ISSUER,
            business_date=business_date.isoformat() if business_date else None,
            board_operator=self.options.board_operator if one.service.name == MONITORING else None,
            smtp_url=f"smtp://{LOOPBACK}:{self.smtp_port}",
            sms_url=self._inbox_url,
            sms_api_key=secrets.sms_api_key,
            sms_api_secret=secrets.sms_api_secret,
            sms_sender=SMS_SENDER,
        )

    def _databases(self) -> dict[str, str]:
        return {one: self._login(roles.app_role(one)) for one in roles.SERVICES}

    def _owners(self) -> dict[str, str]:
        return {one: self._login(roles.owner_role(one)) for one in roles.SERVICES}

    def _login(self, role: str) -> str:
        return roles.login(self.admin_url, role, self.state.secrets().roles[role])

    def _api(self, service: str) -> str | None:
        return next(
            (one.url for one in self.processes if one.service.name == service and "api" in one.roles), None
        )

    async def _keep_status(self) -> None:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while True:
                self.write_status([await health.is_ready(client, one.url) for one in self.processes])
                await asyncio.sleep(1)

    def write_status(self, ready: list[bool]) -> None:
        """Write the status file: what `ieum status` shows."""
        apis = {one.name: self._api(one.name) for one in self.options.services}
        kafka_status = {
            "bootstrap": self.kafka.bootstrap,
            "kind": self.kafka.kind,
            "brokers": self.kafka.brokers,
        }
        smtp = f"{LOOPBACK}:{self.smtp_port}"
        now = Status(
            supervisor=leftovers.identified("ieum", os.getpid(), signal.SIGTERM),
            kafka=kafka_status,
            databases=self._databases(),
            owners=self._owners(),
            apis={name: url for name, url in apis.items() if url},
            board=apis.get(MONITORING),
            inbox={"mail": f"{self._inbox_url}/mails", "sms": f"{self._inbox_url}/sms", "smtp": smtp},
            business_date=self.options.business_date.isoformat() if self.options.business_date else None,
            processes=list(self._process_status(ready)),
        )
        status.write(self.state, now)

    def _process_status(self, ready: list[bool]) -> Iterator[ProcessStatus]:
        ours = {one.name: (one, is_ready) for one, is_ready in zip(self.processes, ready, strict=True)}
        for child in self.supervisor.children:
            name, pid = child.program.name, child.process.pid
            if name in ours:
                one, is_ready = ours[name]
                yield ProcessStatus(
                    name, one.service.name, [*one.roles], pid, one.port, child.restarts, is_ready
                )
            else:
                yield ProcessStatus(name, name, [], pid, None, child.restarts, None)
