"""The one list of services with their roles, and the processes to run for them."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.ports import LOOPBACK, free_ports, port_or_free
from tools.devstack.processes import Program

MONITORING = "monitoring"


@dataclass(frozen=True)
class Service:
    """A service, the roles of its processes, and the port that its API gets when it is free."""

    name: str
    roles: tuple[str, ...]
    preferred_port: int
    module: str


SERVICES = (
    Service("applications", ("api", "consumer", "relay"), 8801, "services.applications"),
    Service("funding", ("api", "consumer", "relay", "timer"), 8802, "services.funding"),
    Service(MONITORING, ("api", "consumer", "projector", "relay", "timer"), 8800, "services.monitoring"),
    Service("notifications", ("api", "consumer", "sender", "relay"), 8803, "services.notifications"),
)


@dataclass(frozen=True)
class ServiceProcess:
    """One process of a service: its roles and the port of its health endpoints (and its API)."""

    service: Service
    roles: tuple[str, ...]
    port: int

    @property
    def name(self) -> str:
        """Return the name of the process in its log file and in the status."""
        whole = "api" in self.roles and len(self.roles) > 1
        return self.service.name if whole else f"{self.service.name}-{'-'.join(self.roles)}"

    @property
    def url(self) -> str:
        """Return the address of the process."""
        return f"http://{LOOPBACK}:{self.port}"

    def program(self, environment: dict[str, str], logs: Path) -> Program:
        """Return the program with its environment and log file."""
        listen = {"IEUM_HOST": LOOPBACK, "IEUM_PORT": str(self.port)}
        command = (sys.executable, "-m", self.service.module, *self.roles)
        return Program(self.name, command, logs / f"{self.name}.log", {**environment, **listen})


def plan(
    services: tuple[Service, ...], split: bool, timer: bool, preferred_ports: bool
) -> list[ServiceProcess]:
    """Return the processes: one a service, or with `split` one a role; the API gets the preferred port."""
    planned = [process for service in services for process in _processes(service, split, timer)]
    ports = iter(free_ports(len(planned)))
    return [_with_port(service, roles, preferred_ports, next(ports)) for service, roles in planned]


def _processes(service: Service, split: bool, timer: bool) -> Iterator[tuple[Service, tuple[str, ...]]]:
    roles = tuple(role for role in service.roles if timer or role != "timer")
    yield from ((service, (role,)) for role in roles) if split else ((service, roles),)


def _with_port(
    service: Service, roles: tuple[str, ...], preferred_port: bool, free_port: int
) -> ServiceProcess:
    port = port_or_free(service.preferred_port) if preferred_port and "api" in roles else free_port
    return ServiceProcess(service, roles, port)


def environment(**settings: str | None) -> dict[str, str]:
    """Return IEUM_<NAME> for each setting that has a value."""
    return {f"IEUM_{name.upper()}": value for name, value in settings.items() if value is not None}
