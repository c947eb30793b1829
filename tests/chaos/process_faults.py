"""Processes of services die, or stand still for longer than their groups wait for them."""

import signal
from collections.abc import Iterator
from functools import partial
from random import Random

from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest
from tools.devstack.services import SERVICES

SESSION_SECONDS = 10.0  # after which a group gives a silent member's partitions away
LONGER = (SESSION_SECONDS + 2, SESSION_SECONDS + 8)
NOT_HERE = ("timer",)  # it does not run beside a scenario of the past


def faults() -> Iterator[Fault]:
    """Each service's process, and where each role has one of its own, each role's."""
    for service in SERVICES:
        yield from _both(service.name, service.name, service.roles[0], False)
        for role in service.roles:
            if role not in NOT_HERE:
                yield from _both(f"{service.name}.{role}", service.name, role, True)
    yield Fault("kill:inbox", _kill_inbox)


def _both(name: str, service: str, role: str, split: bool) -> Iterator[Fault]:
    yield Fault(f"kill:{name}", partial(_kill, service, role), split=split)
    yield Fault(f"stop:{name}", partial(_stop, service, role), _go_on, LONGER, split=split)


async def _kill(service: str, role: str, stack: StackUnderTest, random: Random) -> None:
    await stack.signal(stack.process_of(service, role).name, signal.SIGKILL)


async def _stop(service: str, role: str, stack: StackUnderTest, random: Random) -> str:
    name = stack.process_of(service, role).name
    await stack.signal(name, signal.SIGSTOP)
    return name


async def _go_on(stack: StackUnderTest, name: str) -> None:
    await stack.signal(name, signal.SIGCONT)


async def _kill_inbox(stack: StackUnderTest, random: Random) -> None:
    """Mail server and SMS gateway: what they have accepted is on disk."""
    await stack.signal("inbox", signal.SIGKILL)
