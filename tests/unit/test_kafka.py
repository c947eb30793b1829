"""Partitioning by key, age of records, and the settings of Kafka's clients."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from faststream import AckPolicy
from hypothesis import given
from hypothesis import strategies as st

from shared.config import KafkaSettings
from shared.messaging.kafka import (
    MAX_BATCH_BYTES,
    BatchProducer,
    commit_offsets,
    create_broker,
    create_producer,
    decode,
    is_internal,
    oldest_age,
    parse,
    partition_for_key,
    subscribe,
    topic_partition,
)
from shared.messaging.outbox import OutboxRecord
from tests.memory import MemoryConsumer, MemoryRecord

AT = TopicPartition("ieum.funding", 2)


def a_record(*times: bytes | None, topic: str = AT.topic) -> MemoryRecord:
    """Return a record that was emitted at this time, where it names one."""
    return MemoryRecord(
        topic, 0, b"key", b"{}", [("ce_time", time) for time in times], partition=AT.partition
    )


def seconds_ago(seconds: float) -> bytes:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat().encode()


@given(key=st.binary(min_size=1, max_size=80), partitions=st.integers(min_value=1, max_value=48))
def test_partition_of_a_key_is_that_of_kafkas_own_clients(key: bytes, partitions: int) -> None:
    numbers = list(range(partitions))

    assert partition_for_key(key, numbers, numbers) == DefaultPartitioner()(key, numbers, numbers)


def test_partition_of_a_record_is_named_by_its_topic_and_number() -> None:
    assert topic_partition(a_record()) == AT


def test_records_of_external_systems_are_not_ours() -> None:
    assert is_internal(a_record())
    assert not is_internal(a_record(topic="ieum.external.legacy"))


def test_age_is_that_of_the_oldest_record() -> None:
    records = [a_record(seconds_ago(age)) for age in (5, 60, 0)]

    assert oldest_age(records) == pytest.approx(60, abs=5)


@pytest.mark.parametrize(
    "times", [(), (None,), (b"yesterday",), (b"2024-07-01T00:00:00",), (b"2999-01-01T00:00:00Z",)]
)
def test_record_without_a_readable_past_time_is_new(times: tuple[bytes | None, ...]) -> None:
    assert oldest_age([a_record(*times)]) == 0.0


def test_age_of_no_records_is_zero() -> None:
    assert oldest_age([]) == 0.0


class Subscriber:
    """A subscriber with one partition, which records the offsets that are committed."""

    def __init__(self) -> None:
        self.consumer = MemoryConsumer({}, [AT.topic], {})


async def test_only_offsets_of_assigned_partitions_are_committed() -> None:
    subscriber, assigned = Subscriber(), TopicPartition(AT.topic, 0)

    await commit_offsets(subscriber, {assigned: 7, AT: 9})

    assert subscriber.consumer.committed == {assigned: 7}


async def test_nothing_is_committed_where_no_partition_is_assigned() -> None:
    subscriber = Subscriber()

    await commit_offsets(subscriber, {AT: 9})

    assert subscriber.consumer.committed == {}


class OfflineProducer(BatchProducer):
    """A producer without a broker, whose topics have three partitions; batches are acknowledged by their number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent: list[tuple[str, int, Any]] = []

    async def partitions_for(self, topic: str) -> set[int]:
        assert topic
        return {2, 0, 1}

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[object]:
        self.sent.append((topic, partition, batch))
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(len(self.sent))
        return acknowledged


@pytest.fixture
async def offline(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OfflineProducer]:
    """The relay's producer, as it is created, without a broker."""
    monkeypatch.setattr("shared.messaging.kafka.BatchProducer", OfflineProducer)
    producer = create_producer(KafkaSettings())
    assert isinstance(producer, OfflineProducer)
    yield producer
    await producer.stop()


def an_event(key: bytes, size: int = 10, topic: str = AT.topic) -> OutboxRecord:
    return OutboxRecord(1, topic, key, b"x" * size, [("ce_id", b"event-1")])


async def send(producer: BatchProducer, events: Sequence[OutboxRecord]) -> list[object]:
    """Send the events; return the acknowledgements. No clock is waited for."""
    async with asyncio.timeout(0.5):
        return [await acknowledgement for acknowledgement in await producer.send_records(events)]


async def test_events_of_one_partition_are_one_batch_with_one_acknowledgement(
    offline: OfflineProducer,
) -> None:
    acknowledgements = await send(offline, [an_event(b"case-1"), an_event(b"case-1")])

    [(topic, partition, batch)] = offline.sent
    assert acknowledgements == [1]
    assert (topic, partition) == (AT.topic, partition_for_key(b"case-1", [0, 1, 2], ()))
    assert batch.record_count() == 2


async def test_events_of_several_partitions_and_topics_are_batches_of_their_own(
    offline: OfflineProducer,
) -> None:
    keys = [f"case-{number}".encode() for number in range(20)]
    events = [an_event(key, topic=topic) for topic in (AT.topic, "ieum.applications") for key in keys]

    acknowledgements = await send(offline, events)

    targets = [(topic, partition) for topic, partition, _ in offline.sent]
    assert sorted(targets) == [(topic, n) for topic in ("ieum.applications", AT.topic) for n in (0, 1, 2)]
    assert acknowledgements == [1, 2, 3, 4, 5, 6]
    assert sum(batch.record_count() for _, _, batch in offline.sent) == 40


async def test_batch_holds_as_many_events_as_fit(offline: OfflineProducer) -> None:
    await send(offline, [an_event(b"case-1", MAX_BATCH_BYTES * 2 // 5) for _ in range(5)])

    assert [batch.record_count() for _, _, batch in offline.sent] == [2, 2, 1]


async def test_event_larger_than_a_batch_is_sent_in_one_of_its_own(offline: OfflineProducer) -> None:
    await send(offline, [an_event(b"case-1"), an_event(b"case-1", MAX_BATCH_BYTES + 1), an_event(b"case-1")])

    assert [batch.record_count() for _, _, batch in offline.sent] == [1, 1, 1]


class Broker:
    """A broker that records what is subscribed to, and how."""

    def subscriber(self, *topics: str, **options: Any) -> Any:
        self.topics, self.options = topics, options
        return self.register

    def register(self, receive: Any) -> None:
        self.receive = receive


async def receive(records: Any) -> None:
    """Receive records."""


def test_subscriber_reads_topics_from_their_beginning_in_batches_and_commits_nothing_itself() -> None:
    broker: Any = Broker()

    subscriber = subscribe(broker, receive, ["a", "b"], "funding", max_records=5)

    assert (broker.topics, broker.receive, subscriber) == (("a", "b"), receive, broker.register)
    assert broker.options == {
        "group_id": "funding",
        "batch": True,
        "auto_offset_reset": "earliest",
        "ack_policy": AckPolicy.MANUAL,
        "parser": parse,
        "decoder": decode,
        "fetch_max_wait_ms": 100,
        "max_records": 5,
    }


async def test_records_reach_the_receiver_as_kafka_delivers_them() -> None:
    records = (a_record(), a_record())

    assert await decode(await parse(records)) is records


def test_broker_asks_all_addresses_and_creates_no_topics() -> None:
    broker = create_broker(KafkaSettings(kafka_bootstrap="one:9092, two:9092"))

    assert broker.specification.url == ["one:9092", "two:9092"]
    assert broker.config.allow_auto_create_topics is False
