"""Where everything of one stack is and what each of its processes is told: ports, addresses, environments."""

import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import date

from deploy.postgres import roles
from tools.devstack import brokers, services, tokens
from tools.devstack.ports import LOOPBACK, free_ports, port_near
from tools.devstack.postgres import Postgres
from tools.devstack.processes import Program
from tools.devstack.services import MONITORING, SERVICES, Service, ServiceProcess
from tools.devstack.state import State

SMS_SENDER = "0541234567"
RECEIPTS_PATH = "/receipts/solapi"  # of notifications
BOARD_OPERATOR = "demo-operator"  # as whom anyone on this machine reads the board


@dataclass(frozen=True)
class Options:
    """How the stack is run; `pleasant` ports are the fixed ones where they are free, else any free ones are used."""

    brokers: int = 1
    split: bool = False
    business_date: date | None = None
    pleasant: bool = True
    services: tuple[Service, ...] = SERVICES

    @property
    def has_timer(self) -> bool:
        """Tell whether timers run; a scenario of the past moves the deadlines itself."""
        return self.business_date is None


class Layout:
    """The ports chosen for one run, and everything that follows from them."""

    def __init__(self, state: State, options: Options, kafka: brokers.Brokers) -> None:
        self.state, self.options, self.kafka = state, options, kafka
        self.given_database = os.environ.get("IEUM_DATABASE_URL")
        self.postgres = self._database()
        self.inbox_port, self.smtp_port = self._port(8825), self._port(2525)
        self.processes = services.plan(options.services, options.split, options.has_timer, options.pleasant)

    def _port(self, preferred: int) -> int:
        return port_near(preferred) if self.options.pleasant else free_ports(1)[0]

    def _database(self) -> Postgres:
        """Return our server; beside a broker that forgets, it starts empty too, or offsets would not match."""
        log, password = self.state.logs / "postgres.log", self.state.secrets().admin
        kept = Postgres(self.state.folder / "postgres", log, self._port(55432), password)
        return kept if self.kafka.durable else replace(kept, folder=self.state.folder / "postgres-memory")

    @property
    def admin_url(self) -> str:
        """Return the address of PostgreSQL's superuser, ours or the given one."""
        return self.given_database or self.postgres.url

    @property
    def inbox_url(self) -> str:
        """Return the address of the inboxes' pages and of the SMS gateway."""
        return f"http://{LOOPBACK}:{self.inbox_port}"

    @property
    def smtp(self) -> str:
        """Return host:port of the mail server."""
        return f"{LOOPBACK}:{self.smtp_port}"

    def api(self, service: str) -> str | None:
        """Return the address of a service's API, None when it does not run."""
        apis = (one.url for one in self.processes if one.service.name == service and "api" in one.roles)
        return next(apis, None)

    def databases(self) -> dict[str, str]:
        """Return the address of each service's own role."""
        return {one: self._login(roles.app_role(one)) for one in roles.SERVICES}

    def owners(self) -> dict[str, str]:
        """Return the address of each schema's owner."""
        return {one: self._login(roles.owner_role(one)) for one in roles.SERVICES}

    def _login(self, role: str) -> str:
        return roles.login(self.admin_url, role, self.state.secrets().roles[role])

    def migrations(self) -> Program:
        """Return the run that brings up the schema of every service that runs."""
        present = {one.service.name for one in self.processes}
        owners = {name: url for name, url in self.owners().items() if name in present}
        settings = services.environment(owners=json.dumps(owners))
        command = (sys.executable, "-m", "tools.devstack.migrations")
        return Program("migrations", command, self.state.logs / "migrations.log", settings)

    def inbox(self) -> Program:
        """Return the process of both inboxes."""
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

    def environment(self, one: ServiceProcess) -> dict[str, str]:
        """Return what a service's process is told."""
        business_date, secrets = self.options.business_date, self.state.secrets()
        return services.environment(
            database_url=self.databases()[one.service.name],
            kafka_bootstrap=self.kafka.bootstrap,
            kafka_idempotence="1" if self.kafka.idempotent else "0",
            jwks_file=str(tokens.jwks_file(self.state)),
            token_issuer=tokens.ISSUER,
            business_date=business_date.isoformat() if business_date else None,
            board_operator=BOARD_OPERATOR if one.service.name == MONITORING else None,
            smtp_url=f"smtp://{self.smtp}",
            sms_url=self.inbox_url,
            sms_api_key=secrets.sms_api_key,
            sms_api_secret=secrets.sms_api_secret,
            sms_sender=SMS_SENDER,
        )
