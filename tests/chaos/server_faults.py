"""Faults of the servers: brokers and database killed, stopped, or without their connections."""

import asyncio
import signal
from collections.abc import Iterator
from random import Random

import asyncpg
import psutil

from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest, family, kill_all, unless_gone

UNREACHABLE = (30.0, 30.0)
TERMINATE = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where pid <> pg_backend_pid() and application_name like 'ieum-%'
"""


def faults() -> Iterator[Fault]:
    yield Fault("kill:the-only-broker", _kill_one_broker, brokers=1)
    yield Fault("kill:one-broker-of-three", _kill_one_broker, brokers=3)
    yield Fault("stop:one-broker-of-three", _stop_one_broker, _continue, (12.0, 20.0), brokers=3)
    yield Fault("unreachable:brokers", _stop_all_brokers, _continue, UNREACHABLE)
    yield Fault("kill:postgres", _kill_postgres)
    yield Fault("stop:postgres", _stop_postgres, _continue_postgres, (5.0, 15.0))
    yield Fault("terminate:connections", _terminate, seconds=(0.0, 1.0))


async def _kill_one_broker(stack: StackUnderTest, random: Random) -> None:
    await stack.signal(random.choice(stack.brokers()), signal.SIGKILL)


async def _stop_one_broker(stack: StackUnderTest, random: Random) -> list[str]:
    return await _stopped(stack, [random.choice(stack.brokers())])


async def _stop_all_brokers(stack: StackUnderTest, random: Random) -> list[str]:
    return await _stopped(stack, stack.brokers())


async def _stopped(stack: StackUnderTest, names: list[str]) -> list[str]:
    for name in names:
        await stack.signal(name, signal.SIGSTOP)
    return names


async def _continue(stack: StackUnderTest, names: list[str]) -> None:
    for name in names:
        await stack.signal(name, signal.SIGCONT)


async def _stop_postgres(stack: StackUnderTest, random: Random) -> list[psutil.Process]:
    """Stop the postmaster and its backends: no connection is accepted, no query answered."""
    stopped = list(family(await stack.pid("postgres")))
    for one in stopped:
        unless_gone(one.suspend)
    stack.say(f"SIGSTOP postgres ({len(stopped)} processes)")
    return stopped


async def _continue_postgres(stack: StackUnderTest, stopped: list[psutil.Process]) -> None:
    for one in stopped:
        unless_gone(one.resume)
    stack.say("SIGCONT postgres")


async def _kill_postgres(stack: StackUnderTest, random: Random) -> None:
    """Kill the postmaster and every backend at once: they are not in one process group."""
    killed = kill_all(family(await stack.pid("postgres")))
    stack.say(f"kill -9 postgres ({killed} processes)")


async def _terminate(stack: StackUnderTest, random: Random) -> None:
    """Terminate every connection of the services, several times."""
    for _ in range(random.randint(2, 4)):
        connection = await asyncpg.connect(stack.layout.admin_url, timeout=30)
        try:
            ended = await connection.fetchval(TERMINATE)
        finally:
            await connection.close()
        stack.say(f"pg_terminate_backend of {ended} connections")
        await asyncio.sleep(random.uniform(0.2, 1.5))
