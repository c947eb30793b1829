"""Fault of dead letters: more unreadable records in a row than a consumer takes, so that its circuit opens and closes."""

from collections.abc import Iterator
from random import Random

from deploy.kafka.topics import PARTITIONS
from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest

LIMIT_IN_A_ROW = 20  # of the settings: dead_letters_before_stop
OURS = ("ieum.programmes", "ieum.companies", "ieum.applications", "ieum.monitoring")


def faults() -> Iterator[Fault]:
    yield Fault("dead-letters:at-their-limit", _unreadable, seconds=(2.0, 5.0), early=True)


async def _unreadable(stack: StackUnderTest, random: Random) -> None:
    """Put them onto one partition: good records of the others close the circuit."""
    topic, partition = random.choice(OURS), random.randrange(PARTITIONS)
    count = LIMIT_IN_A_ROW + random.randint(2, 6)
    await stack.injected.put(stack.layout.kafka.bootstrap, topic, count, partition)
    stack.say(f"{count} unreadable records on {topic}/{partition}")
