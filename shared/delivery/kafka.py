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
from shared.events.cloudevents import Headers

OUTSIDERS = "ieum.external."
BATCH_BYTES = 512 * 1024  # of one partition at once, from a relay
FOLD_BYTES = 4 * 1024 * 1024  # of each partition at once, to a projector: large batches make it fast
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


class Headed(Protocol):
    """What bears an event's headers: a record, or an event on its way to become one."""

    @property
    def headers(self) -> Headers: ...


class Sendable(Protocol):
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
    async def send_events(self, events: Sequence[Sendable]) -> Sequence[Awaitable[object]]:
        """Events of one key keep their order. Each promise is that the broker has some of them; together, all."""
        ...


def is_ours(record: Record) -> bool:
    """Of one of our own topics; what outsiders send never stops the line."""
    return not record.topic.startswith(OUTSIDERS)


def place(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def age(of: Iterable[Headed]) -> float:
    """Seconds since the oldest of them was recorded; what does not say when counts as new."""
    return max((seconds_since(dict(one.headers).get("ce_time")) for one in of), default=0.0)


def seconds_since(time: bytes | None) -> float:
    try:
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat((time or b"").decode())).total_seconds())
    except (ValueError, TypeError):  # no time, or one without a zone
        return 0.0


def quiet_broker(settings: Settings) -> KafkaBroker:
    """We log what happens to a record ourselves, and topics are made by whoever deploys."""
    return KafkaBroker(settings.kafka_brokers, logger=None, allow_auto_create_topics=False)


hashed = lru_cache(maxsize=100_000)(murmur2)  # in plain Python it takes as long as all the rest of a send


def partition(key: bytes, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Where Java's clients and aiokafka's put the key; every record of ours has one."""
    number: int = hashed(key) & 0x7FFFFFFF
    return partitions[number % len(partitions)]


class BatchProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka has no types
    """Hands over batches by partition: a future a record would cost more than the rest of the relay."""

    async def send_events(self, events: Sequence[Sendable]) -> Sequence[Awaitable[object]]:
        places = {topic: sorted(await self.partitions_for(topic)) for topic in {one.topic for one in events}}
        runs: dict[tuple[str, int], list[Sendable]] = {}
        for event in events:
            number = partition(event.key, places[event.topic], ())
            runs.setdefault((event.topic, number), []).append(event)
        handed = await asyncio.gather(*(self.send_run(*at, run) for at, run in runs.items()))
        return [promise for promises in handed for promise in promises]

    async def send_run(self, topic: str, number: int, events: Sequence[Sendable]) -> list[Awaitable[object]]:
        """Of one partition, in order: a batch is handed over when the one before is on its way."""
        promises: list[Awaitable[object]] = []
        batch = self.create_batch()
        for event in events:
            while not self.put(batch, event):
                promises.append(await self.send_batch(batch, topic, partition=number))
                batch = self.create_batch()
        promises.append(await self.send_batch(batch, topic, partition=number))
        return promises

    def put(self, batch: Any, event: Sendable) -> bool:
        """Whether there was room; an empty batch takes an event of any size."""
        put = batch.append(timestamp=None, key=event.key, value=event.value, headers=event.headers)
        return put is not None


def producer(settings: Settings) -> BatchProducer:
    """Acknowledged by all in-sync replicas, and idempotent wherever the broker can be."""
    return BatchProducer(
        bootstrap_servers=settings.kafka_brokers,
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        partitioner=partition,
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
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


async def acknowledge(subscriber: Any, offsets: dict[TopicPartition, int]) -> None:
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
