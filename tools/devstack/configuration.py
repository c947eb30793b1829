"""Configuration of one stack: its ports and addresses, and the environment of each of its processes."""

import json
import os
import sys
from dataclasses import dataclass
from datetime import date, datetime

from deploy.postgres import roles
from tools.devstack import brokers, services, tokens
from tools.devstack.business_clock import BusinessClock
from tools.devstack.ports import LOOPBACK, free_ports, port_or_free
from tools.devstack.postgres import Postgres
from tools.devstack.processes import Program
from tools.devstack.services import MONITORING, SERVICES, Service, ServiceProcess
from tools.devstack.state import State

SMS_SENDER = "0541234567"
RECEIPTS_PATH = "/receipts/solapi"  # the delivery-report route of notifications
BOARD_OPERATOR = "demo-operator"  # the subject under which anyone on this machine reads the board


@dataclass(frozen=True)
class Options:
    """Options of one run; with `preferred_ports` the fixed ports are used where they are free, else any free ones.

    The business clock is pinned to `business_date`, or stands at `clock_starts_at` until a player moves it, or is real.
    """

    brokers: int = 1
    split: bool = False
    business_date: date | None = None
    preferred_ports: bool = True
    services: tuple[Service, ...] = SERVICES
    clock_starts_at: datetime | None = None

    @property
    def has_timer(self) -> bool:
        """Return whether timers run: only with real time, as a scenario runs its deadlines itself."""
        return self.business_date is None and self.clock_starts_at is None


class Configuration:
    """Ports chosen for one run, and the addresses and programs that follow from them."""

    def __init__(self, state: State, options: Options, kafka: brokers.Brokers) -> None:
        self.state, self.options, self.kafka = state, options, kafka
        self.existing_database = os.environ.get("IEUM_DATABASE_URL")
        log, password = state.logs / "postgres.log", state.secrets().admin
        self.postgres = Postgres(state.folder / "postgres", log, self._port(55432), password)
        self.inbox_port, self.smtp_port = self._port(8825), self._port(2525)
        self.processes = services.plan(
            options.services, options.split, options.has_timer, options.preferred_ports
        )

    def _port(self, preferred: int) -> int:
        return port_or_free(preferred) if self.options.preferred_ports else free_ports(1)[0]

    @property
    def clock(self) -> BusinessClock | None:
        """Return the business clock that a player moves, None where no file moves it."""
        return self.state.business_clock if self.options.clock_starts_at else None

    @property
    def business_date(self) -> date | None:
        """Return the date at which the business clock stands, None where it runs with real time."""
        return self.clock.now().date() if self.clock else self.options.business_date

    @property
    def admin_url(self) -> str:
        """Return the address of PostgreSQL's superuser, on our server or on that of IEUM_DATABASE_URL."""
        return self.existing_database or self.postgres.url

    @property
    def inbox_url(self) -> str:
        """Return the address of the inboxes' pages and of the SMS gateway."""
        return f"http://{LOOPBACK}:{self.inbox_port}"

    @property
    def smtp(self) -> str:
        """Return host:port of the mail server."""
        return f"{LOOPBACK}:{self.smtp_port}"

    def api(self, service: str) -> str | None:
        """Return the address of a service's API, None when its API does not run."""
        apis = (
            process.url
            for process in self.processes
            if process.service.name == service and "api" in process.roles
        )
        return next(apis, None)

    def databases(self) -> dict[str, str]:
        """Return the address of each service's own role."""
        return {service: self._login_url(roles.app_role(service)) for service in roles.SERVICES}

    def owners(self) -> dict[str, str]:
        """Return the address of each schema's owner."""
        return {service: self._login_url(roles.owner_role(service)) for service in roles.SERVICES}

    def audit(self) -> str:
        """Return the address of the role that reads every schema and writes none."""
        return self._login_url(roles.AUDIT_ROLE)

    def _login_url(self, role: str) -> str:
        return roles.login_url(self.admin_url, role, self.state.secrets().roles[role])

    def migrations(self) -> Program:
        """Return the program that migrates the schema of every service that runs."""
        running = {process.service.name for process in self.processes}
        owners = {name: url for name, url in self.owners().items() if name in running}
        settings = services.environment(owners=json.dumps(owners))
        command = (sys.executable, "-m", "tools.devstack.migrations")
        return Program("migrations", command, self.state.logs / "migrations.log", settings)

    def board_rebuild(self) -> Program:
        """Return the program that makes the board's rows anew where an earlier release made them."""
        module = next(service.module for service in self.options.services if service.name == MONITORING)
        settings = services.environment(
            database_url=self.owners()[MONITORING], kafka_bootstrap=self.kafka.bootstrap, log_level="WARNING"
        )
        command = (sys.executable, "-m", module, "rebuild", "--if-outdated")
        return Program("rebuild", command, self.state.logs / "rebuild.log", settings)

    def inbox(self) -> Program:
        """Return the program that serves both inboxes."""
        secrets, notifications = self.state.secrets(), self.api("notifications")
        settings = services.environment(
            inbox_port=str(self.inbox_port),
            inbox_smtp_port=str(self.smtp_port),
            inbox_folder=str(self.state.folder / "inbox"),
            sms_api_key=secrets.sms_api_key,
            sms_api_secret=secrets.sms_api_secret,
            sms_sender=SMS_SENDER,
            sms_receipt_url=f"{notifications}{RECEIPTS_PATH}" if notifications else None,
        )
        command = (sys.executable, "-m", "tools.devstack.inbox")
        return Program("inbox", command, self.state.logs / "inbox.log", settings)

    def environment(self, process: ServiceProcess) -> dict[str, str]:
        """Return the environment variables of a service's process."""
        business_date, secrets = self.options.business_date, self.state.secrets()
        return services.environment(
            database_url=self.databases()[process.service.name],
            kafka_bootstrap=self.kafka.bootstrap,
            jwks_file=str(tokens.jwks_file(self.state)),
            token_issuer=tokens.ISSUER,
            business_date=business_date.isoformat() if business_date else None,
            business_clock_file=str(self.clock.file) if self.clock else None,
            board_operator=BOARD_OPERATOR if process.service.name == MONITORING else None,
            smtp_url=f"smtp://{self.smtp}",
            sms_url=self.inbox_url,
            sms_api_key=secrets.sms_api_key,
            sms_api_secret=secrets.sms_api_secret,
            sms_sender=SMS_SENDER,
        )
