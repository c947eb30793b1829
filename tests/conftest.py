"""Fixtures of all tests: real Postgres with the real migrations and roles, and the real Kafka where a test is `connected`."""

import os
from collections.abc import AsyncIterator, Generator

os.environ.pop("IEUM_BUSINESS_DATE", None)
os.environ.pop("IEUM_BUSINESS_CLOCK_FILE", None)

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from deploy.kafka import topics
from shared.config import Settings
from tests import databases as real
from tests.containers import report
from tests.databases import Databases
from tests.stack import kafka_bootstrap, server_description

FAST_SETTINGS = {
    "delivery_attempts": 3,
    "dead_letters_before_stop": 5,
    "backoff_seconds": 0.01,
    "backoff_limit_seconds": 0.1,
    "poll_seconds": 0.2,
    "parking_seconds": 2.0,
}

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("ieum", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("repeatable", hypothesis_settings.get_profile("ieum"), derandomize=True)
hypothesis_settings.load_profile("ieum")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings with short delays and few attempts."""
    return Settings(**FAST_SETTINGS)  # type: ignore[arg-type]  # pydantic checks them


@pytest.fixture(scope="session")
def connected(settings: Settings) -> Settings:
    """Settings with the real Kafka's address."""
    return settings.model_copy(update={"kafka_bootstrap": kafka_bootstrap()})


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> AsyncIterator[Databases]:
    """All four schemas, migrated."""
    await real.prepare()
    migrated = real.databases(settings)
    yield migrated
    for database in migrated.values():
        await database.close()


@pytest.fixture
async def databases(migrated: Databases) -> Databases:
    """All four schemas, empty."""
    await real.delete_all_rows()
    return migrated


async def empty_topics(bootstrap: str) -> None:
    """Delete all records of the real Kafka's topics; later records have the offsets after them."""
    partitions = [
        TopicPartition(topic, number) for topic in topics.TOPICS for number in range(topics.PARTITIONS)
    ]
    reader, admin = (
        AIOKafkaConsumer(bootstrap_servers=bootstrap),
        AIOKafkaAdminClient(bootstrap_servers=bootstrap),
    )
    async with reader:
        ends = await reader.end_offsets(partitions)
    await admin.start()
    try:
        await admin.delete_records(
            {at: RecordsToDelete(before_offset=end) for at, end in ends.items() if end}
        )
    finally:
        await admin.close()


@pytest.fixture
async def topics_emptied(connected: Settings) -> None:
    await empty_topics(connected.kafka_bootstrap)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Report, before pytest's closing line, which servers were used and whether containers came up."""
    yield
    for line in report.lines(server_description()):
        terminalreporter.line(line)
