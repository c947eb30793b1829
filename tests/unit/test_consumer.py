"""Waiting partitions of a consumer: from where, how long, and what its role reports meanwhile."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.config import Settings
from shared.database.engine import Database
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging.consumer import Consumer
from shared.observability.health import Health
from tests.integration.probe import TOPIC, Probe
from tests.memory import MemoryConsumer

AT, REVOKED = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
DATABASE = Database("postgresql://127.0.0.1:1/none", "funding")  # never connected to


class Subscriber:
    """A subscriber with one assigned partition; its consumer is None until it has started."""

    def __init__(self) -> None:
        self.consumer: MemoryConsumer | None = MemoryConsumer({}, [TOPIC], {})


def a_consumer(health: Health | None = None, **settings: float) -> Consumer:
    chosen = Settings(**settings)  # type: ignore[arg-type]  # pydantic checks them
    consumer = Consumer(DATABASE, Probe().service.handlers, FundingRecordDeadLettered, chosen, health)
    consumer.subscriber = Subscriber()
    return consumer


def delays(consumer: Consumer, failures: range) -> list[float]:
    """Return the delay after so many failures in a row."""
    found = []
    for consumer.failures[AT] in failures:
        found.append(consumer.backoff_delay(AT))
    return found


def test_partition_waits_twice_as_long_after_each_failure_up_to_the_limit() -> None:
    consumer = a_consumer(backoff_seconds=0.5, backoff_limit_seconds=5.0)

    assert delays(consumer, range(1, 7)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert delays(consumer, range(100_000, 100_001)) == [5.0]


def test_partition_waits_as_long_as_it_may_while_the_circuit_is_open() -> None:
    consumer = a_consumer(backoff_seconds=0.5, backoff_limit_seconds=5.0)

    consumer.dispatcher.circuit.dead_letters_in_a_row = 20

    assert delays(consumer, range(1, 2)) == [5.0]


async def test_partition_waits_at_the_record_that_failed_and_goes_on_after_the_delay() -> None:
    consumer = a_consumer(backoff_seconds=0.05)
    kafka = consumer.subscriber.consumer
    kafka.positions[AT] = 20

    consumer.pause_and_seek(AT, 17)

    assert (kafka.paused, kafka.positions[AT], consumer.positions) == ({AT}, 17, {AT: 17})
    await asyncio.sleep(0.03)
    assert kafka.paused == {AT}
    await asyncio.sleep(0.05)
    assert kafka.paused == set()


async def test_failures_of_a_partition_are_counted() -> None:
    consumer = a_consumer()

    for _ in range(3):
        consumer.pause_and_seek(AT, 17)
    consumer.pause_and_seek(REVOKED, 5)

    assert consumer.failures == {AT: 3, REVOKED: 1}


async def test_partition_that_was_revoked_is_neither_paused_nor_resumed() -> None:
    consumer = a_consumer()
    kafka = consumer.subscriber.consumer

    consumer.pause_and_seek(REVOKED, 17)
    assert (kafka.paused, kafka.positions, consumer.positions) == (set(), {AT: 0}, {})

    kafka.paused = {AT, REVOKED}
    consumer.resume(REVOKED)
    assert kafka.paused == {AT, REVOKED}


async def test_consumer_that_has_not_started_or_has_ended_is_left_alone() -> None:
    consumer = a_consumer()
    consumer.subscriber.consumer = None

    consumer.pause_and_seek(AT, 17)
    consumer.resume(AT)

    assert consumer.positions == {}


@pytest.mark.parametrize(("committed", "next_offset"), [({}, 17), ({AT: 20}, 20), ({AT: 3}, 17)])
def test_next_record_is_the_first_in_flight_that_is_not_committed(
    committed: dict[TopicPartition, int], next_offset: int
) -> None:
    consumer = a_consumer()
    consumer.in_flight, consumer.positions = {AT: 17}, committed

    assert consumer.next_offset(AT) == next_offset
    assert consumer.next_offset(REVOKED) is None


def test_role_reports_an_open_circuit() -> None:
    health = Health("consumer of a test")
    health.progress()
    consumer = a_consumer(health)

    before = health.problem()
    consumer.dispatcher.circuit.dead_letters_in_a_row = 20

    assert before is None
    assert "the circuit is open" in str(health.problem())
    assert a_consumer().health.role == "consumer"


class Broker:
    """A broker that records what is subscribed to, and how."""

    def subscriber(self, *topics: str, **options: Any) -> Any:
        self.topics, self.options = topics, options
        return self.register

    def register(self, receive: Any) -> None:
        self.receive = receive


def test_consumer_subscribes_to_its_topics_in_the_group_of_its_service() -> None:
    broker: Any = Broker()
    consumer = a_consumer(consumer_batch=7, batch_timeout_ms=11)

    subscriber = consumer.subscribe(broker)

    assert subscriber == consumer.subscriber == broker.register
    assert (broker.topics, broker.receive) == (
        ("ieum.applications", "ieum.external.legacy"),
        consumer.receive,
    )
    assert broker.options["group_id"] == "funding"
    assert (broker.options["max_records"], broker.options["batch_timeout_ms"]) == (7, 11)
