"""docker-compose.yml as a project with its own .env, keys, ports and passwords."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.postgres.roles import AUDIT_ROLE
from tests.containers.commands import MINUTES, run
from tests.sources import ROOT
from tools.audit.target import Target
from tools.demo.clients import Addresses
from tools.devstack import tokens
from tools.devstack.business_clock import BusinessClock
from tools.devstack.ports import LOOPBACK, free_ports
from tools.devstack.services import SERVICES
from tools.devstack.state import State, state_at

PUBLISHED = ("applications", "funding", "monitoring", "notifications", "inbox", "kafka", "postgres")
CLOCK_FOLDER = "/var/lib/ieum/clock"  # in the containers
RECIPE = re.compile(r"^#   (sh -c .*)$", re.MULTILINE)


@dataclass
class Project:
    """A compose project; `images` sets docker-compose.yml's image variables, `omitted` names services left out.

    Its services read the business clock from the file of `clock`, in a mounted folder.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    images: Mapping[str, str]
    omitted: Sequence[str]
    name: str = field(default_factory=lambda: f"ieum-test-{os.getpid()}")

    def __post_init__(self) -> None:
        self.ports = dict(zip(PUBLISHED, free_ports(len(PUBLISHED)), strict=True))
        self.state: State = state_at(self.folder)
        self._write_env()
        self._override.write_text(self._override_yaml(), encoding="utf-8")

    def compose(self, *words: str, seconds: float = 30 * MINUTES, may_fail: bool = False) -> str:
        files = ("--file", str(ROOT / "docker-compose.yml"), "--file", str(self._override))
        flags = ("--project-name", self.name, "--project-directory", str(ROOT), "--env-file", str(self._env))
        return run(
            *self.command, *flags, *files, *words,
            environment=self._variables(), seconds=seconds, may_fail=may_fail,
        )  # fmt: skip

    def addresses(self) -> Addresses:
        """Return the published addresses; tokens are signed by the key behind jwks.json."""
        apis = {service.name: f"http://{LOOPBACK}:{self.ports[service.name]}" for service in SERVICES}
        return Addresses(apis, self.kafka, lambda subject, role: tokens.mint(self.state, subject, [role]))

    def target(self, logs: Path) -> Target:
        """Return the target of tools/audit, with the containers' logs copied into `logs`."""
        logs.mkdir()
        for service in self.services():
            (logs / f"{service}.log").write_text(self.compose("logs", "--no-color", service))
        return Target(self._database(AUDIT_ROLE), self.kafka, list(self.addresses().apis.values()), logs)

    def services(self) -> list[str]:
        return self.compose("config", "--services").split()

    @property
    def clock(self) -> BusinessClock:
        return BusinessClock(self.folder / "clock" / "business-clock")

    @property
    def image(self) -> str:
        return f"{self.name}:local"

    @property
    def kafka(self) -> str:
        return f"{LOOPBACK}:{self.ports['kafka']}"

    @property
    def _env(self) -> Path:
        return self.folder / ".env"

    @property
    def _override(self) -> Path:
        return self.folder / "override.yml"

    def _database(self, role: str) -> str:
        variables = dict(
            line.split("=", 1) for line in self._env.read_text().splitlines() if line.startswith("IEUM_")
        )
        password = variables[f"{role.upper()}_PASSWORD"]
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.ports['postgres']}/ieum"

    def _write_env(self) -> None:
        """Write .env with the command in .env.example."""
        example = (ROOT / ".env.example").read_text(encoding="utf-8")
        (self.folder / ".env.example").write_text(example, encoding="utf-8")
        [recipe] = RECIPE.findall(example)
        run("sh", "-c", recipe, folder=self.folder)

    def _override_yaml(self) -> str:
        """Return the override file: the database published for the auditor, services without an image removed."""
        published = f'  postgres: {{ ports: ["{LOOPBACK}:{self.ports["postgres"]}:5432"] }}\n'
        return "services:\n" + published + "".join(f"  {name}: !reset null\n" for name in self.omitted)

    def _variables(self) -> dict[str, str]:
        ports = {f"IEUM_{name.upper()}_PORT": str(self.ports[name]) for name in PUBLISHED}
        issuer = {"IEUM_JWKS_FILE": str(tokens.jwks_file(self.state)), "IEUM_TOKEN_ISSUER": tokens.ISSUER}
        clock = {
            "IEUM_CLOCK_FOLDER": str(self.clock.file.parent),
            "IEUM_BUSINESS_CLOCK_FILE": f"{CLOCK_FOLDER}/{self.clock.file.name}",
        }
        image = {"IEUM_IMAGE": self.image}
        return {**os.environ, **self.environment, **self.images, **ports, **issuer, **clock, **image}
