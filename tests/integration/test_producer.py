"""Our producer on the real Kafka: what it asks for, and what a lost acknowledgement leaves on the topic itself."""

import pytest

from shared.config import Settings
from shared.messaging import kafka
from shared.messaging.outbox import emit
from shared.messaging.relay import publish_pending
from tests.builders import a_selection
from tests.databases import Databases
from tests.integration.probe import TOPIC
from tests.system import KafkaSystem
from tests.wire import wire

pytestmark = pytest.mark.connected


@pytest.fixture
async def waiting(databases: Databases) -> None:
    """An event in the outbox of applications."""
    async with databases["applications"].transaction() as session:
        await emit(session, a_selection())


async def test_an_event_whose_acknowledgement_is_lost_stands_once_on_its_topic(
    databases: Databases,
    connected: Settings,
    topics_emptied: None,
    waiting: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client sends it again, and the broker knows it: no consumer is asked to."""
    async with wire(monkeypatch, to_lose=1) as wired, kafka.create_producer(connected) as producer:
        published = await publish_pending(databases["applications"], producer, 10)

    assert (published, wired.lost, len(wired.acks)) == ((1, 0), 1, 2)
    assert len(await KafkaSystem([], databases, connected).log(TOPIC)) == 1


async def test_every_event_is_asked_to_be_acknowledged_by_all_replicas_in_sync(
    databases: Databases,
    connected: Settings,
    topics_emptied: None,
    waiting: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wire(monkeypatch) as wired, kafka.create_producer(connected) as producer:
        await publish_pending(databases["applications"], producer, 10)

    assert wired.acks == [-1]
