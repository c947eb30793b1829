"""Faults of services' processes: killed, or stopped for longer than their consumer group waits."""

import signal
from collections.abc import Iterator
from functools import partial
from random import Random

from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest
from tools.devstack.services import SERVICES

SESSION_SECONDS = 10.0  # after which a group gives a silent member's partitions away
LONGER_THAN_SESSION = (SESSION_SECONDS + 2, SESSION_SECONDS + 8)
NOT_STARTED = ("timer",)  # does not run beside a scenario of the past


def faults() -> Iterator[Fault]:
    """Yield a kill and a stop of each service's process, and of each role's where it has its own."""
    for service in SERVICES:
        yield from _kill_and_stop(service.name, service.name, service.roles[0], False)
        for role in service.roles:
            if role not in NOT_STARTED:
                yield from _kill_and_stop(f"{service.name}.{role}", service.name, role, True)
    yield Fault("kill:inbox", _kill_inbox)


def _kill_and_stop(name: str, service: str, role: str, split: bool) -> Iterator[Fault]:
    yield Fault(f"kill:{name}", partial(_kill, service, role), split=split)
    yield Fault(f"stop:{name}", partial(_stop, service, role), _continue, LONGER_THAN_SESSION, split=split)


async def _kill(service: str, role: str, stack: StackUnderTest, random: Random) -> None:
    await stack.signal(stack.process_of(service, role).name, signal.SIGKILL)


async def _stop(service: str, role: str, stack: StackUnderTest, random: Random) -> str:
    name = stack.process_of(service, role).name
    await stack.signal(name, signal.SIGSTOP)
    return name


async def _continue(stack: StackUnderTest, name: str) -> None:
    await stack.signal(name, signal.SIGCONT)


async def _kill_inbox(stack: StackUnderTest, random: Random) -> None:
    """Kill the mail server and the SMS gateway: accepted messages are on their disk."""
    await stack.signal("inbox", signal.SIGKILL)
