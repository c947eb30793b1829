"""The stack under test: the embedded one with instrumented services, and access to its processes."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from subprocess import Popen

import httpx
import psutil

from tests.chaos.arming import FOLDER, SERVICE, ArmedPoints
from tests.chaos.injected_records import InjectedRecords
from tools.demo.clients import Addresses
from tools.devstack import health, processes, tokens
from tools.devstack.configuration import Configuration, Options
from tools.devstack.console import Terminal
from tools.devstack.ports import free_ports
from tools.devstack.services import SERVICES, ServiceProcess
from tools.devstack.stack import Stack
from tools.devstack.state import State
from tools.devstack.supervisor import INITIAL_BACKOFF, ManagedProcess

INSTRUMENTED = tuple(replace(one, module="tests.chaos.instrumented_service") for one in SERVICES)
TOKENS_LAST = 600  # minutes, before now and after: a service whose clock steps still knows who asks
SETTINGS = {"IEUM_BACKOFF_LIMIT_SECONDS": "10"}
"""The product backs off for a minute at most; each seed would wait that long."""


class InstrumentedConfiguration(Configuration):
    """The embedded stack's configuration; each service's process gets its armed points and its `extra` environment."""

    def __init__(self, state: State, options: Options, kafka: object) -> None:
        super().__init__(state, options, kafka)  # type: ignore[arg-type]  # the stack's own brokers
        self.extra: dict[str, dict[str, str]] = {}

    def environment(self, one: ServiceProcess) -> dict[str, str]:
        armed = {FOLDER: str(self.state.folder / "points"), SERVICE: one.service.name}
        return {**super().environment(one), **SETTINGS, **armed, **self.extra.get(one.name, {})}


@dataclass
class StackUnderTest:
    """One stack, and what faults need of it."""

    embedded: Stack
    layout: InstrumentedConfiguration
    terminal: Terminal
    injected: InjectedRecords
    began: float = field(default_factory=time.monotonic)
    extra_processes: list[Popen[bytes]] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.embedded.state

    @property
    def armed(self) -> ArmedPoints:
        return ArmedPoints(self.state.folder / "points")

    def say(self, what: str) -> None:
        self.terminal.print(f"  {time.monotonic() - self.began:6.1f} s  {what}")

    def addresses(self) -> Addresses:
        apis = {one.service.name: one.url for one in self.layout.processes if "api" in one.roles}
        mint = partial(_mint, self.state)
        return Addresses(apis, self.layout.kafka.bootstrap, mint)

    def owner_environment(self, service: str) -> dict[str, str]:
        """Return the environment of a command that runs as the owner of the service's schema."""
        process = self.process_of(service, "api")
        owner = {"IEUM_DATABASE_URL": self.layout.owners()[service]}
        return {**os.environ, **self.layout.environment(process), **owner}

    def child(self, name: str) -> ManagedProcess:
        """Return a process of the stack by its name; raises KeyError where there is none."""
        return {child.program.name: child for child in self.embedded.supervisor.processes}[name]

    def process_of(self, service: str, role: str) -> ServiceProcess:
        """Return the process in which the service runs this role."""
        return next(one for one in self.layout.processes if one.service.name == service and role in one.roles)

    def brokers(self) -> list[str]:
        return [program.name for program in self.embedded.kafka.programs()]

    async def pid(self, name: str) -> int:
        """Return the id of a process of the stack, waiting for one that has just died."""
        while (process := self.child(name).process).poll() is not None:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.1)
        return process.pid

    async def signal(self, name: str, number: signal.Signals) -> None:
        pid = await self.pid(name)
        os.kill(pid, number)
        self.say(f"{number.name} {name} ({pid})")

    async def start_extra(self, service: str, role: str) -> None:
        """Start one more process of a service for one role, which nobody restarts; return once it is ready."""
        one = self.process_of(service, role)
        extra = replace(one, roles=(role,), port=free_ports(1)[0])
        program = extra.program(self.layout.environment(one), self.state.logs)
        name = f"{service}-{role}-second"
        started = processes.start(replace(program, name=name, log=self.state.logs / f"{name}.log"))
        self.extra_processes.append(started)
        self.say(f"a second {service} {role} ({started.pid})")
        await self._up(extra.url)

    async def _up(self, url: str) -> None:
        """Wait until it is ready, or was killed at a crash point before."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while self.extra_processes[-1].poll() is None and not await health.is_ready(client, url):  # noqa: ASYNC110  no event
                await asyncio.sleep(0.2)

    def kill_extra_processes(self) -> None:
        """Kill every extra process at once, as if its machine had gone."""
        for extra in self.extra_processes:
            if extra.poll() is None:
                extra.send_signal(signal.SIGCONT)
                extra.kill()
            extra.wait()
        self.extra_processes.clear()

    def reset_backoff(self) -> None:
        """Keep the supervisor's backoff short: its growth is another test's subject."""
        for child in self.embedded.supervisor.processes:
            child.backoff = INITIAL_BACKOFF

    def resume_all(self) -> None:
        """Send SIGCONT to whatever is still stopped."""
        for child in self.embedded.supervisor.processes:
            if child.process.poll() is None and is_stopped(child.process.pid):
                child.process.send_signal(signal.SIGCONT)


def build(state: State, options: Options, terminal: Terminal, history: Path) -> StackUnderTest:
    """Return the stack, not started yet."""
    options = replace(options, services=INSTRUMENTED, preferred_ports=False)
    stack = Stack(state, options, terminal)
    layout = InstrumentedConfiguration(state, options, stack.kafka)
    stack.configuration = layout
    return StackUnderTest(stack, layout, terminal, InjectedRecords(history))


def is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def family(pid: int) -> Iterator[psutil.Process]:
    """Yield the process and all that it has started."""
    try:
        head = psutil.Process(pid)
        yield from (head, *head.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def kill_all(targets: Iterable[psutil.Process]) -> int:
    """Kill them at once; return how many there were."""
    found = list(targets)
    for one in found:
        unless_gone(one.kill)
    return len(found)


def unless_gone(act: Callable[[], object]) -> None:
    try:
        act()
    except psutil.NoSuchProcess:
        return


def _mint(state: State, subject: str, role: str) -> str:
    return tokens.mint(state, subject, [role], minutes=TOKENS_LAST, age_minutes=TOKENS_LAST)
