"""PostgreSQL and Apache Kafka in containers that testcontainers starts; removed at the end of the test run."""

import atexit
import os
import secrets

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.containers import images
from tests.containers.engine import Engine, EngineUnavailable, running_engine
from tools.devstack.ports import LOOPBACK, free_ports

BROKER = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "6",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_HEAP_OPTS": "-Xmx512m",
    "CLUSTER_ID": "aWV1bS10ZXN0Y29udGFpbg",
}
POSTGRES = os.environ.get("IEUM_TEST_POSTGRES_IMAGE", images.POSTGRES)
KAFKA = os.environ.get("IEUM_TEST_KAFKA_IMAGE", images.KAFKA)


def usable(pull: bool) -> Engine:
    """Return the running engine with both images on it; raises EngineUnavailable with the reason."""
    engine = running_engine()
    with engine.client() as client:
        for image in (POSTGRES, KAFKA):
            present = images.is_available(client, image) if pull else images.is_present(client, image)
            if not present:
                raise EngineUnavailable(f"{engine.name} answers, but the image {image} is not there")
    return engine


def start_postgres() -> str:
    """Start PostgreSQL and return a superuser's address; the server may still be starting."""
    password = secrets.token_hex(16)
    server = PostgresContainer(POSTGRES, username="postgres", password=password, dbname="postgres")
    [port] = free_ports(1)
    _start(server.with_command("postgres -c max_connections=200 -c timezone=Asia/Seoul"), 5432, port)
    return f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"


def start_kafka() -> str:
    """Start Kafka and return its address; testcontainers' KafkaContainer is for another distribution's image."""
    [port] = free_ports(1)
    address = f"{LOOPBACK}:{port}"
    _start(
        DockerContainer(KAFKA, env={**BROKER, "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}"}),
        9092,
        port,
    )
    return address


def _start(server: DockerContainer, inside: int, port: int) -> None:
    """Start the server with its port on loopback; removed at exit, not by testcontainers' reaper (one more image)."""
    testcontainers_config.ryuk_disabled = True
    server.ports[str(inside)] = (LOOPBACK, port)  # type: ignore[assignment]  # the engine takes an address as well
    atexit.register(server.stop)
    server.start()
