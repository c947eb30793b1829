"""Duplicate processes where one is expected: relays, owners of a partition, senders; one of them a zombie."""

import asyncio
import signal
from collections.abc import Iterator
from functools import partial
from random import Random

from tests.chaos.fault import Fault
from tests.chaos.process_faults import LONGER_THAN_SESSION
from tests.chaos.stack_under_test import StackUnderTest
from tools.devstack.services import SERVICES

JOIN_SECONDS = 5.0  # a process that is up has joined its group


def faults() -> Iterator[Fault]:
    for service in SERVICES:
        yield Fault(
            f"two-relays:{service.name}",
            partial(_start_second, service.name, "relay"),
            _kill_second,
            (10.0, 15.0),
        )
        zombie = partial(_zombie, service.name, "consumer")
        yield Fault(f"two-owners:{service.name}.consumer", zombie, _continue, LONGER_THAN_SESSION)
    projector = partial(_zombie, "monitoring", "projector")
    yield Fault("two-owners:monitoring.projector", projector, _continue, LONGER_THAN_SESSION)
    sender = partial(_start_second, "notifications", "sender")
    yield Fault("two-senders:notifications", sender, _kill_second, (8.0, 12.0))


async def _start_second(service: str, role: str, stack: StackUnderTest, random: Random) -> None:
    await stack.start_extra(service, role)


async def _kill_second(stack: StackUnderTest, left: None) -> None:
    stack.kill_extra_processes()
    stack.say("kill -9 of the second one")


async def _zombie(service: str, role: str, stack: StackUnderTest, random: Random) -> str:
    """Stop the first owner while the group rebalances to the second one; healing lets it continue as a zombie."""
    await _start_second(service, role, stack, random)
    await asyncio.sleep(JOIN_SECONDS)
    name = stack.process_of(service, role).name
    await stack.signal(name, signal.SIGSTOP)
    return name


async def _continue(stack: StackUnderTest, name: str) -> None:
    await stack.signal(name, signal.SIGCONT)
    await asyncio.sleep(JOIN_SECONDS)
    await _kill_second(stack, None)
