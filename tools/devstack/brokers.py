"""Choice of the Kafka brokers: our own Apache Kafka, or existing brokers named by IEUM_KAFKA_BOOTSTRAP."""

import os
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.errors import StackError, UnreachableError
from tools.devstack.jars import KAFKA, ReportProgress
from tools.devstack.kafka import Kafka
from tools.devstack.ports import free_ports, port_or_free
from tools.devstack.processes import Program
from tools.devstack.state import State

PREFERRED_PORT = 19092


@dataclass(frozen=True)
class ExistingKafka:
    """Brokers that run already, named by IEUM_KAFKA_BOOTSTRAP."""

    bootstrap: str
    brokers: int = 1
    kind: str = "given (IEUM_KAFKA_BOOTSTRAP)"

    async def prepare(self) -> None:
        """Do nothing: the brokers run already."""

    def programs(self) -> list[Program]:
        """Return an empty list: these brokers are not ours to start."""
        return []


Brokers = Kafka | ExistingKafka


def choose(state: State, brokers: int, preferred_ports: bool, progress: ReportProgress) -> Brokers:
    """Return the brokers to use, on their preferred ports where asked for and free.

    Raises StackError when the number of brokers is neither 1 nor 3, or Kafka's jars cannot be had.
    """
    if bootstrap := os.environ.get("IEUM_KAFKA_BOOTSTRAP"):
        return ExistingKafka(bootstrap)
    if brokers not in (1, 3):
        raise StackError(
            f"--brokers는 1 또는 3입니다 ({brokers}은 안 됩니다). 셋 중 하나를 잃어도 과반이 남아야 합니다.\n"
            f"  --brokers is 1 or 3, not {brokers}: a majority must remain when one is lost."
        )
    ports = [
        port_or_free(PREFERRED_PORT + n) if preferred_ports else free_ports(1)[0] for n in range(brokers)
    ]
    listeners = tuple(zip(ports, free_ports(brokers), strict=True))
    return Kafka(state.folder / "kafka", state.logs, _jars(progress), listeners)


def _jars(progress: ReportProgress) -> tuple[Path, ...]:
    try:
        return tuple(KAFKA.get(progress))
    except UnreachableError as failure:
        raise UnreachableError(
            "Apache Kafka 파일이 캐시에 없고 Maven 저장소에 닿지 못해 시작하지 않습니다. 네트워크를 확인하거나, "
            "IEUM_MAVEN_URL에 미러의 주소를 주거나, IEUM_KAFKA_BOOTSTRAP에 이미 실행 중인 카프카의 주소를 주십시오.\n"
            "  Nothing was started: Kafka's jars are not in the cache and Maven cannot be reached. Connect this machine, "
            "set IEUM_MAVEN_URL to a mirror, or set IEUM_KAFKA_BOOTSTRAP to brokers that run already.\n"
            f"  {failure}"
        ) from failure
