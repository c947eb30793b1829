"""All that we ask of FastStream and aiokafka: records as they came, acknowledged by us alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.partitioner import murmur2
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from shared.config import Settings
from shared.messaging.cloudevents import Headers

EXTERNAL_TOPIC_PREFIX = "ieum.external."
MAX_BATCH_BYTES = 512 * 1024  # of one partition at once, from a relay
YIELD_EVERY = 100  # events made into batches before others have their turn
PROJECTOR_FETCH_BYTES = (
    4 * 1024 * 1024
)  # of each partition at once, to a projector: large batches make it fast
OutOfOrderSequence = OutOfOrderSequenceNumber
"""What a broker says to an idempotent producer that gave up a batch: it takes nothing of it any more."""


class Record(Protocol):
    """What a consumer got, as it came; a parked record is one as well."""

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
    """What bears an event's headers: a record, or an event on its way to become one."""

    @property
    def headers(self) -> Headers: ...


class OutgoingRecord(Protocol):
    """An event on its way to become a record."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...


class Producer(Protocol):
    async def send_events(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        """Events of one key keep their order. Each promise is that the broker has some of them; together, all."""
        ...


def is_internal(record: Record) -> bool:
    """Of one of our own topics; what outsiders send never stops the line."""
    return not record.topic.startswith(EXTERNAL_TOPIC_PREFIX)


def topic_partition(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def oldest_age(of: Iterable[HasHeaders]) -> float:
    """Seconds since the oldest of them was recorded; what does not say when counts as new."""
    return max((seconds_since(dict(one.headers).get("ce_time")) for one in of), default=0.0)


def seconds_since(time: bytes | None) -> float:
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat((time or b"").decode())).total_seconds())
    except (ValueError, TypeError):  # no time, or one without a zone
        return 0.0


def create_broker(settings: Settings) -> KafkaBroker:
    """We log what happens to a record ourselves, and topics are made by whoever deploys."""
    return KafkaBroker(settings.kafka_brokers, logger=None, allow_auto_create_topics=False)


cached_murmur2 = lru_cache(maxsize=100_000)(
    murmur2
)  # in plain Python it takes as long as all the rest of a send


def partition_for_key(key: bytes, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Where Java's clients and aiokafka's put the key; every record of ours has one."""
    number: int = cached_murmur2(key) & 0x7FFFFFFF
    return partitions[number % len(partitions)]


class BatchProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka has no types
    """Hands over batches by partition: a future a record would cost more than the rest of the relay."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.batching = asyncio.Lock()

    async def send_events(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        """A batch is on its way as soon as it is full, while the next ones are made.

        Several callers make theirs one after another: the first are full the sooner.
        """
        places = {topic: sorted(await self.partitions_for(topic)) for topic in {one.topic for one in events}}
        lanes: dict[tuple[str, int], PartitionBuffer] = {}
        try:
            async with self.batching:
                for count, event in enumerate(events, start=1):
                    at = event.topic, partition_for_key(event.key, places[event.topic], ())
                    if at not in lanes:
                        lanes[at] = PartitionBuffer(self, *at)
                    lanes[at].append(event)
                    if count % YIELD_EVERY == 0:
                        await asyncio.sleep(0)
            return await asyncio.gather(*(task for lane in lanes.values() for task in lane.finish()))
        finally:
            for lane in lanes.values():
                lane.cancel()


class PartitionBuffer:
    """Events of one partition on their way, in order: full batches are handed over, the last one is open."""

    def __init__(self, producer: BatchProducer, topic: str, number: int) -> None:
        self.producer, self.topic, self.number = producer, topic, number
        self.batch = producer.create_batch()
        self.sends: list[asyncio.Task[Awaitable[object]]] = []

    def append(self, event: OutgoingRecord) -> None:
        """An empty batch takes an event of any size."""
        given = {"timestamp": None, "key": event.key, "value": event.value, "headers": event.headers}
        while self.batch.append(**given) is None:
            self.flush()

    def flush(self) -> None:
        self.sends.append(asyncio.create_task(self.send(self.batch, self.sends[-1:])))
        self.batch = self.producer.create_batch()

    async def send(self, batch: Any, after: Sequence[asyncio.Task[Awaitable[object]]]) -> Awaitable[object]:
        """When the one before is on its way."""
        await asyncio.gather(*after)
        promise: Awaitable[object] = await self.producer.send_batch(batch, self.topic, partition=self.number)
        return promise

    def finish(self) -> Sequence[asyncio.Task[Awaitable[object]]]:
        self.flush()
        return self.sends

    def cancel(self) -> None:
        """What is not on its way yet stays here."""
        for task in self.sends:
            task.cancel()


def create_producer(settings: Settings) -> BatchProducer:
    """Acknowledged by all in-sync replicas, and idempotent wherever the broker can be."""
    return BatchProducer(
        bootstrap_servers=settings.kafka_brokers,
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
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
    """A batch subscriber: the handler gets a tuple of raw records and acknowledges what it settled."""
    ours: dict[str, Any] = {
        "group_id": group,
        "batch": True,
        "auto_offset_reset": "earliest",
        "ack_policy": AckPolicy.MANUAL,
        "parser": parse,
        "decoder": decode,
        "fetch_max_wait_ms": 100,
    }
    subscriber: Any = broker.subscriber(*topics, **(ours | options))
    subscriber(receive)
    return subscriber


async def commit_offsets(subscriber: Any, offsets: dict[TopicPartition, int]) -> None:
    """FastStream's `ack` would acknowledge all that was fetched; this, what is settled."""
    kafka = subscriber.consumer
    mine = {at: offset for at, offset in offsets.items() if at in kafka.assignment()}
    if mine:
        await kafka.commit(mine)


# FastStream's own parser fails on a broken header before a handler sees the record.
async def parse(records: Any) -> KafkaMessage:
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def decode(message: KafkaMessage) -> Any:
    return message.raw_message
