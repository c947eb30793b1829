"""The stack under fire: the embedded one, its services run through the victim, and hands to reach its processes."""

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

from tests.chaos.armed import FOLDER, SERVICE, Orders
from tests.chaos.injected import Injected
from tools.demo.clients import Addresses
from tools.devstack import health, processes, tokens
from tools.devstack.configuration import Configuration, Options
from tools.devstack.console import Terminal
from tools.devstack.ports import free_ports
from tools.devstack.services import SERVICES, ServiceProcess
from tools.devstack.stack import Stack
from tools.devstack.state import State
from tools.devstack.supervisor import INITIAL_BACKOFF, ManagedProcess

VICTIMS = tuple(replace(one, module="tests.chaos.victim") for one in SERVICES)
TOKENS_LAST = 600  # minutes, before now and after: a service whose clock steps still knows who asks
SETTINGS = {"IEUM_BACKOFF_LIMIT_SECONDS": "10"}
"""A minute of patience at most is the product's; here each wait would be waited for in each seed."""


class Told(Configuration):
    """The same layout; each service's process is told besides where its orders are, and what `more` says."""

    def __init__(self, state: State, options: Options, kafka: object) -> None:
        super().__init__(state, options, kafka)  # type: ignore[arg-type]  # the stack's own brokers
        self.more: dict[str, dict[str, str]] = {}

    def environment(self, one: ServiceProcess) -> dict[str, str]:
        orders = {FOLDER: str(self.state.folder / "orders"), SERVICE: one.service.name}
        return {**super().environment(one), **SETTINGS, **orders, **self.more.get(one.name, {})}


@dataclass
class Town:
    """One stack and everything that a fault needs of it."""

    stack: Stack
    layout: Told
    terminal: Terminal
    injected: Injected
    began: float = field(default_factory=time.monotonic)
    guests: list[Popen[bytes]] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.stack.state

    @property
    def orders(self) -> Orders:
        return Orders(self.state.folder / "orders")

    def say(self, what: str) -> None:
        self.terminal.print(f"  {time.monotonic() - self.began:6.1f} s  {what}")

    def addresses(self) -> Addresses:
        apis = {one.service.name: one.url for one in self.layout.processes if "api" in one.roles}
        mint = partial(_mint, self.state)
        return Addresses(apis, self.layout.kafka.bootstrap, mint)

    def child(self, name: str) -> ManagedProcess:
        """A process of the stack by its name; KeyError where there is none."""
        return {child.program.name: child for child in self.stack.supervisor.processes}[name]

    def process_of(self, service: str, role: str) -> ServiceProcess:
        """The process in which the service runs this role."""
        return next(one for one in self.layout.processes if one.service.name == service and role in one.roles)

    def brokers(self) -> list[str]:
        return [program.name for program in self.stack.kafka.programs()]

    async def pid(self, name: str) -> int:
        """Of a process of the stack; one that has just died is waited for."""
        while (process := self.child(name).process).poll() is not None:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.1)
        return process.pid

    async def signal(self, name: str, number: signal.Signals) -> None:
        pid = await self.pid(name)
        os.kill(pid, number)
        self.say(f"{number.name} {name} ({pid})")

    async def invite(self, service: str, role: str) -> None:
        """One more process of a service for one role, which nobody starts again; returns once it is up."""
        one = self.process_of(service, role)
        guest = replace(one, roles=(role,), port=free_ports(1)[0])
        program = guest.program(self.layout.environment(one), self.state.logs)
        name = f"{service}-{role}-second"
        started = processes.start(replace(program, name=name, log=self.state.logs / f"{name}.log"))
        self.guests.append(started)
        self.say(f"a second {service} {role} ({started.pid})")
        await self._up(guest.url)

    async def _up(self, url: str) -> None:
        """One that is killed at a point before is as good."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while self.guests[-1].poll() is None and not await health.is_ready(client, url):  # noqa: ASYNC110  no event
                await asyncio.sleep(0.2)

    def show_out(self) -> None:
        """Every guest ends at once, as if its machine had gone."""
        for guest in self.guests:
            if guest.poll() is None:
                guest.send_signal(signal.SIGCONT)
                guest.kill()
            guest.wait()
        self.guests.clear()

    def keep_restarts_quick(self) -> None:
        """The supervisor's growing pauses are another test's subject."""
        for child in self.stack.supervisor.processes:
            child.backoff = INITIAL_BACKOFF

    def wake_all(self) -> None:
        """Whatever is still stopped goes on."""
        for child in self.stack.supervisor.processes:
            if child.process.poll() is None and is_stopped(child.process.pid):
                child.process.send_signal(signal.SIGCONT)


def build(state: State, options: Options, terminal: Terminal, history: Path) -> Town:
    """The stack, not started yet."""
    options = replace(options, services=VICTIMS, preferred_ports=False)
    stack = Stack(state, options, terminal)
    layout = Told(state, options, stack.kafka)
    stack.configuration = layout
    return Town(stack, layout, terminal, Injected(history))


def is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def family(pid: int) -> Iterator[psutil.Process]:
    """The process and all that it has started."""
    try:
        head = psutil.Process(pid)
        yield from (head, *head.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def kill_all(victims: Iterable[psutil.Process]) -> int:
    """At once; how many there were."""
    found = list(victims)
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
