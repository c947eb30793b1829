"""Several brokers in one setting: one that answers is enough for every Kafka client of a service."""

import pytest

from services.funding.main import SERVICE
from shared.config import Settings
from tests.databases import Databases
from tests.system import KafkaSystem

pytestmark = pytest.mark.connected


async def test_unreachable_broker_is_skipped(
    databases: Databases, connected: Settings, topics_emptied: None
) -> None:
    settings = connected.model_copy(update={"kafka_bootstrap": f"127.0.0.1:1, {connected.kafka_bootstrap}"})

    async with KafkaSystem([SERVICE], databases, settings) as system:
        await system.start()
        await system.run_until_quiescent()

    assert settings.kafka_brokers == ["127.0.0.1:1", connected.kafka_bootstrap]
