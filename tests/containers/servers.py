"""PostgreSQL and Apache Kafka in containers that testcontainers starts, and removes when the test run ends."""

import atexit
import os
import secrets

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.containers import images
from tests.containers.engine import Engine, NoEngine, answering
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
    """The engine that answers, with both images on it; raises NoEngine with the reason why they are not used."""
    engine = answering()
    with engine.client() as client:
        for image in (POSTGRES, KAFKA):
            there = images.had(client, image) if pull else images.there(client, image)
            if not there:
                raise NoEngine(f"{engine.name} answers, but the image {image} is not there")
    return engine


def start_postgres() -> str:
    """Return a superuser's address; ready or nearly so."""
    password = secrets.token_hex(16)
    server = PostgresContainer(POSTGRES, username="postgres", password=password, dbname="postgres")
    [port] = free_ports(1)
    _start(server.with_command("postgres -c max_connections=200 -c timezone=Asia/Seoul"), 5432, port)
    return f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"


def start_kafka() -> str:
    """Return a broker's address; testcontainers' own KafkaContainer speaks to another distribution's image."""
    [port] = free_ports(1)
    address = f"{LOOPBACK}:{port}"
    _start(
        DockerContainer(KAFKA, env={**BROKER, "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}"}),
        9092,
        port,
    )
    return address


def _start(server: DockerContainer, inside: int, port: int) -> None:
    """Its port is open on this machine alone. We remove what we start: no reaper, whose image would be one more."""
    testcontainers_config.ryuk_disabled = True
    server.ports[str(inside)] = (LOOPBACK, port)  # type: ignore[assignment]  # the engine takes an address as well
    atexit.register(server.stop)
    server.start()
