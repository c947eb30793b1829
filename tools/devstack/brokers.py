"""Which Kafka the stack speaks to: a given one, Apache Kafka of our own, or its stand-in."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from tools.devstack.errors import StackError, UnreachableError
from tools.devstack.jars import KAFKA, Progress
from tools.devstack.kafka import Kafka
from tools.devstack.ports import free_ports, port_near
from tools.devstack.processes import Program
from tools.devstack.state import State
from tools.devstack.tansu import ANNOUNCEMENT, Tansu

PREFERRED = 19092


@dataclass(frozen=True)
class GivenKafka:
    """Brokers that somebody else runs, named by IEUM_KAFKA_BOOTSTRAP."""

    bootstrap: str
    brokers: int = 1
    kind: str = "given (IEUM_KAFKA_BOOTSTRAP)"
    idempotent: bool = True
    durable: bool = True

    async def prepare(self) -> None:
        """Nothing to prepare: they run."""

    def programs(self) -> list[Program]:
        """Return nothing: they are not ours to start."""
        return []


Brokers = Kafka | Tansu | GivenKafka


def choose(
    state: State, brokers: int, pleasant: bool, say: Callable[[str], None], progress: Progress
) -> Brokers:
    """Return the brokers to use; `pleasant` asks for the fixed ports where they are free."""
    if given := os.environ.get("IEUM_KAFKA_BOOTSTRAP"):
        return GivenKafka(given)
    if brokers not in (1, 3):
        raise StackError(
            f"--brokers는 1 또는 3입니다 ({brokers}은 안 됩니다). 셋 중 하나를 잃어도 과반이 남아야 합니다.\n"
            f"  --brokers is 1 or 3, not {brokers}: a majority must remain when one is lost."
        )
    ports = [port_near(PREFERRED + n) if pleasant else free_ports(1)[0] for n in range(brokers)]
    try:
        jars = tuple(KAFKA.get(progress))
    except UnreachableError as failure:
        say(f"{ANNOUNCEMENT} ({failure})")
        return Tansu(state.logs, ports[0])
    return Kafka(
        state.folder / "kafka", state.logs, jars, tuple(zip(ports, free_ports(brokers), strict=True))
    )
