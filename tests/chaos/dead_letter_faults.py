"""More unreadable records in a row on a topic of ours than are given up without a word: the line stops, and goes on."""

from collections.abc import Iterator
from random import Random

from deploy.kafka.topics import PARTITIONS
from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest

MOST_IN_A_ROW = 20  # of the settings: dead_letters_before_stop
OURS = ("ieum.programmes", "ieum.companies", "ieum.applications", "ieum.monitoring")


def faults() -> Iterator[Fault]:
    yield Fault("dead-letters:at-their-limit", _unreadable, seconds=(2.0, 5.0), early=True)


async def _unreadable(stack: StackUnderTest, random: Random) -> None:
    """On one partition: the good records of the others let the line go on."""
    topic, partition = random.choice(OURS), random.randrange(PARTITIONS)
    count = MOST_IN_A_ROW + random.randint(2, 6)
    await stack.injected.put(stack.layout.kafka.bootstrap, topic, count, partition)
    stack.say(f"{count} unreadable records on {topic}/{partition}")
