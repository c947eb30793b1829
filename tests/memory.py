"""Kafka in memory, with what FastStream's TestKafkaBroker lacks: offsets, seeks, pauses, second deliveries."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from shared.messaging.kafka import OutgoingRecord

Logs = dict[str, list["MemoryRecord"]]


@dataclass
class MemoryRecord:
    """A record of a topic in memory, which has one partition."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any
    partition: int = 0


class MemoryKafka:
    """Broker and producer in memory; records and committed offsets outlive a restart of the subscribers."""

    def __init__(self) -> None:
        self.logs: Logs = defaultdict(list)
        self.committed: dict[str, dict[TopicPartition, int]] = defaultdict(dict)
        self.subscribers: list[Any] = []

    async def attach(self, broker: KafkaBroker) -> None:
        """Give each subscriber of the broker a consumer on these topics."""
        self.subscribers = list(broker.subscribers)
        for subscriber in self.subscribers:
            committed = self.committed[subscriber.group_id]
            subscriber.consumer = MemoryConsumer(self.logs, subscriber.topic_names, committed)
            if subscriber._listener:
                await subscriber._listener.on_partitions_assigned(subscriber.consumer.assignment())

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        """Append a record; return its acknowledgement, as aiokafka's producer does."""
        log = self.logs[topic]
        log.append(MemoryRecord(topic, len(log), key, value, headers))
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged

    async def send_records(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        return [
            await self.send(event.topic, event.value, key=event.key, headers=event.headers)
            for event in events
        ]

    async def deliver(self, max_records: int = 50) -> int:
        """Deliver all unread records to each group, batch by batch; return how many were delivered."""
        delivered = 0
        for subscriber in self.subscribers:
            while batch := subscriber.consumer.fetch(max_records):
                await subscriber.process_message(tuple(batch))
                delivered += len(batch)
        return delivered

    @property
    def paused(self) -> bool:
        return any(subscriber.consumer.paused for subscriber in self.subscribers)


class MemoryConsumer:
    """Fake of AIOKafkaConsumer, with one partition per topic."""

    def __init__(self, logs: Logs, topics: Sequence[str], committed: Any) -> None:
        self.logs = logs
        self.committed = committed
        self.positions: dict[Any, int] = {TopicPartition(topic, 0): 0 for topic in topics}
        self.positions.update(committed)
        self.paused: set[TopicPartition] = set()

    def fetch(self, max_records: int) -> list[MemoryRecord]:
        """Return up to `max_records` of each topic that is not paused, and move the positions behind them."""
        batch: list[MemoryRecord] = []
        for partition, position in self.positions.items():
            if partition not in self.paused:
                records = self.logs[partition.topic][position : position + max_records]
                self.positions[partition] += len(records)
                batch += records
        return batch

    async def getmany(self, max_records: int) -> dict[TopicPartition, list[MemoryRecord]]:
        by_partition: dict[TopicPartition, list[MemoryRecord]] = defaultdict(list)
        for record in self.fetch(max_records):
            by_partition[TopicPartition(record.topic, record.partition)].append(record)
        return by_partition

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: len(self.logs[partition.topic]) for partition in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def pause(self, partition: TopicPartition) -> None:
        self.paused.add(partition)

    def resume(self, partition: TopicPartition) -> None:
        self.paused.discard(partition)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.update(offsets)
