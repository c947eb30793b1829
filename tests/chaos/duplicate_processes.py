"""Two where one is expected: relays of one service, owners of a partition, senders; one of them a zombie."""

import asyncio
import signal
from collections.abc import Iterator
from functools import partial
from random import Random

from tests.chaos.fault import Fault
from tests.chaos.process_faults import LONGER
from tests.chaos.stack_under_test import StackUnderTest
from tools.devstack.services import SERVICES

JOIN_SECONDS = 5.0  # a process that is up has joined its group


def faults() -> Iterator[Fault]:
    for service in SERVICES:
        yield Fault(
            f"two-relays:{service.name}", partial(_second, service.name, "relay"), _leaves, (10.0, 15.0)
        )
        zombie = partial(_zombie, service.name, "consumer")
        yield Fault(f"two-owners:{service.name}.consumer", zombie, _wakes, LONGER)
    projector = partial(_zombie, "monitoring", "projector")
    yield Fault("two-owners:monitoring.projector", projector, _wakes, LONGER)
    sender = partial(_second, "notifications", "sender")
    yield Fault("two-senders:notifications", sender, _leaves, (8.0, 12.0))


async def _second(service: str, role: str, stack: StackUnderTest, random: Random) -> None:
    await stack.start_extra(service, role)


async def _leaves(stack: StackUnderTest, left: None) -> None:
    stack.kill_extra_processes()
    stack.say("kill -9 of the second one")


async def _zombie(service: str, role: str, stack: StackUnderTest, random: Random) -> str:
    """The first owner stands still while the group moves on to the second, and then goes on as if nothing were."""
    await _second(service, role, stack, random)
    await asyncio.sleep(JOIN_SECONDS)
    name = stack.process_of(service, role).name
    await stack.signal(name, signal.SIGSTOP)
    return name


async def _wakes(stack: StackUnderTest, name: str) -> None:
    await stack.signal(name, signal.SIGCONT)
    await asyncio.sleep(JOIN_SECONDS)
    await _leaves(stack, None)
