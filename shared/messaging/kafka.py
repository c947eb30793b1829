"""Kafka client: create brokers, subscribers and producers of FastStream and aiokafka; records stay raw, offsets are ours."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.partitioner import murmur2
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from shared.config import KafkaSettings
from shared.messaging.cloudevents import Headers

EXTERNAL_TOPIC_PREFIX = "ieum.external."
MAX_BATCH_BYTES = 512 * 1024  # of one partition at once, from a relay
YIELD_EVERY = 100  # events made into batches before others have their turn
PROJECTOR_FETCH_BYTES = 4 * 1024 * 1024  # per partition: large batches make the projector fast
OutOfOrderSequence = OutOfOrderSequenceNumber
"""The broker's refusal of an idempotent producer that has given up a batch: every later record is refused too."""


class Record(Protocol):
    """A consumed Kafka record with its original bytes; a parked record is one as well."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class HasHeaders(Protocol):
    """A record, consumed or outgoing, with an event's headers."""

    @property
    def headers(self) -> Headers: ...


class OutgoingRecord(Protocol):
    """A record to be sent to Kafka."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...


class Producer(Protocol):
    """Sends records in order per key; implemented by BatchProducer and by the tests' Kafka in memory."""

    async def send_records(self, records: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        """Send records; return acknowledgements, which together cover all of them."""
        ...


def is_internal(record: Record) -> bool:
    """Return whether the record is on a topic of ours; records of external systems never open the circuit."""
    return not record.topic.startswith(EXTERNAL_TOPIC_PREFIX)


def topic_partition(record: Record) -> TopicPartition:
    """Return the record's topic and partition."""
    return TopicPartition(record.topic, record.partition)


def oldest_age(records: Iterable[HasHeaders]) -> float:
    """Return the seconds since the oldest of the records was emitted; one without a readable time counts as new."""
    return max((seconds_since(dict(record.headers).get("ce_time")) for record in records), default=0.0)


def seconds_since(time: bytes | None) -> float:
    """Return the seconds since an RFC 3339 time, 0 where it is missing or unreadable."""
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat((time or b"").decode())).total_seconds())
    except (ValueError, TypeError):  # no time, or one without a zone
        return 0.0


def create_broker(settings: KafkaSettings) -> KafkaBroker:
    """Return a FastStream broker that neither logs nor creates topics: both are done elsewhere."""
    return KafkaBroker(settings.kafka_brokers, logger=None, allow_auto_create_topics=False)


# In plain Python it takes as long as all the rest of a send.
cached_murmur2 = lru_cache(maxsize=100_000)(murmur2)


def partition_for_key(key: bytes, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Return the partition where Java's clients and aiokafka put the key; every record of ours has one."""
    number: int = cached_murmur2(key) & 0x7FFFFFFF
    return partitions[number % len(partitions)]


class BatchProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka has no types
    """Sends whole batches per partition: a future per record would cost more than the rest of the relay."""

    async def send_records(self, records: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        """Send records in the order given; return the broker's acknowledgements, one per batch."""
        groups = await self.by_partition(records)
        sends = [self.send_partition(*target, own) for target, own in groups.items()]
        return [acknowledgement for sent in await asyncio.gather(*sends) for acknowledgement in sent]

    async def send_partition(
        self, topic: str, partition: int, records: Sequence[OutgoingRecord]
    ) -> Sequence[Awaitable[object]]:
        """Send one partition's records batch by batch; other tasks run after each."""
        acknowledgements: list[Awaitable[object]] = []
        for batch in self.batches(records):
            acknowledgements.append(await self.send_batch(batch, topic, partition=partition))
            await asyncio.sleep(0)
        return acknowledgements

    async def by_partition(
        self, records: Sequence[OutgoingRecord]
    ) -> Mapping[tuple[str, int], Sequence[OutgoingRecord]]:
        topics = {record.topic for record in records}
        partitions = {topic: sorted(await self.partitions_for(topic)) for topic in topics}
        grouped: dict[tuple[str, int], list[OutgoingRecord]] = {}
        for record in records:
            number = partition_for_key(record.key, partitions[record.topic], ())
            grouped.setdefault((record.topic, number), []).append(record)
        return grouped

    def batches(self, records: Sequence[OutgoingRecord]) -> Iterator[Any]:
        """Yield full batches of one partition's records; an empty batch takes a record of any size."""
        batch = self.create_batch()
        for record in records:
            fields = {"timestamp": None, "key": record.key, "value": record.value, "headers": record.headers}
            while batch.append(**fields) is None:
                yield batch
                batch = self.create_batch()
        yield batch


def create_producer(settings: KafkaSettings) -> BatchProducer:
    """Return an idempotent producer whose records are acknowledged by all in-sync replicas."""
    return BatchProducer(
        bootstrap_servers=settings.kafka_brokers,
        acks="all",
        enable_idempotence=True,
        partitioner=partition_for_key,
        linger_ms=0,
        max_batch_size=MAX_BATCH_BYTES,
    )


def subscribe(
    broker: KafkaBroker,
    receive: Callable[[Any], Awaitable[None]],
    topics: Sequence[str],
    group: str,
    **options: Any,
) -> Any:
    """Return a batch subscriber: `receive` gets a tuple of raw records and commits the offsets that it handled."""
    defaults: dict[str, Any] = {
        "group_id": group,
        "batch": True,
        "auto_offset_reset": "earliest",
        "ack_policy": AckPolicy.MANUAL,
        "parser": parse,
        "decoder": decode,
        "fetch_max_wait_ms": 100,
    }
    subscriber: Any = broker.subscriber(*topics, **(defaults | options))
    subscriber(receive)
    return subscriber


async def commit_offsets(subscriber: Any, offsets: dict[TopicPartition, int]) -> None:
    """Commit offsets of partitions that are still assigned; FastStream's `ack` would commit all that was fetched."""
    kafka = subscriber.consumer
    assigned = {at: offset for at, offset in offsets.items() if at in kafka.assignment()}
    if assigned:
        await kafka.commit(assigned)


# FastStream's own parser fails on a broken header before a handler sees the record.
async def parse(records: Any) -> KafkaMessage:
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def decode(message: KafkaMessage) -> Any:
    return message.raw_message
