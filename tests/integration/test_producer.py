"""The producer on the real Kafka: acknowledgements by all replicas, and no duplicate after a lost acknowledgement."""

import pytest

from shared.config import Settings
from shared.messaging import kafka
from shared.messaging.outbox import emit
from shared.messaging.relay import publish_pending
from tests.builders import a_selection
from tests.databases import Databases
from tests.integration.probe import TOPIC
from tests.kafka_proxy import kafka_proxy
from tests.system import KafkaSystem

pytestmark = pytest.mark.connected


@pytest.fixture
async def pending_event(databases: Databases) -> None:
    """An event in the outbox of applications."""
    async with databases["applications"].transaction() as transaction:
        await emit(transaction, a_selection())


async def test_event_with_lost_acknowledgement_is_once_on_its_topic(
    databases: Databases,
    connected: Settings,
    topics_emptied: None,
    pending_event: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client sends the event again and the broker removes the duplicate, so no consumer has to."""
    async with (
        kafka_proxy(monkeypatch, acks_to_drop=1) as proxy,
        kafka.create_producer(connected) as producer,
    ):
        published = await publish_pending(databases["applications"], producer, 10)

    assert (published, proxy.dropped_acks, len(proxy.required_acks)) == ((1, 0), 1, 2)
    assert len(await KafkaSystem([], databases, connected).log(TOPIC)) == 1


async def test_producer_requires_acknowledgement_by_all_in_sync_replicas(
    databases: Databases,
    connected: Settings,
    topics_emptied: None,
    pending_event: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kafka_proxy(monkeypatch) as proxy, kafka.create_producer(connected) as producer:
        await publish_pending(databases["applications"], producer, 10)

    assert proxy.required_acks == [-1]
