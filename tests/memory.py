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
    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any
    partition: int = 0


class MemoryKafka:
    """What was sent outlives a restart, and so does what each group has committed."""

    def __init__(self) -> None:
        self.logs: Logs = defaultdict(list)
        self.committed: dict[str, dict[TopicPartition, int]] = defaultdict(dict)
        self.subscribers: list[Any] = []

    async def attach(self, broker: KafkaBroker) -> None:
        self.subscribers = list(broker.subscribers)
        for one in self.subscribers:
            one.consumer = MemoryConsumer(self.logs, one.topic_names, self.committed[one.group_id])
            if one._listener:
                await one._listener.on_partitions_assigned(one.consumer.assignment())

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        log = self.logs[topic]
        log.append(MemoryRecord(topic, len(log), key, value, headers))
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged

    async def send_events(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        return [
            await self.send(event.topic, event.value, key=event.key, headers=event.headers)
            for event in events
        ]

    async def deliver(self, max_records: int = 50) -> int:
        """Give each group a batch of what it has not read; how many records that were."""
        delivered = 0
        for subscriber in self.subscribers:
            while batch := subscriber.consumer.take(max_records):
                await subscriber.process_message(tuple(batch))
                delivered += len(batch)
        return delivered

    @property
    def paused(self) -> bool:
        return any(subscriber.consumer.paused for subscriber in self.subscribers)


class MemoryConsumer:
    """Stands for AIOKafkaConsumer, on one partition a topic."""

    def __init__(self, logs: Logs, topics: Sequence[str], committed: Any) -> None:
        self.logs = logs
        self.committed = committed
        self.positions: dict[Any, int] = {TopicPartition(topic, 0): 0 for topic in topics}
        self.positions.update(committed)
        self.paused: set[TopicPartition] = set()

    def fetch(self, max_records: int) -> list[MemoryRecord]:
        """So many of each topic."""
        batch: list[MemoryRecord] = []
        for at, position in self.positions.items():
            if at not in self.paused:
                found = self.logs[at.topic][position : position + max_records]
                self.positions[at] += len(found)
                batch += found
        return batch

    async def getmany(self, max_records: int) -> dict[TopicPartition, list[MemoryRecord]]:
        found: dict[TopicPartition, list[MemoryRecord]] = defaultdict(list)
        for record in self.fetch(max_records):
            found[TopicPartition(record.topic, record.partition)].append(record)
        return found

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def position(self, at: TopicPartition) -> int:
        return self.positions[at]

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {at: len(self.logs[at.topic]) for at in places}

    def seek(self, at: TopicPartition, offset: int) -> None:
        self.positions[at] = offset

    def pause(self, at: TopicPartition) -> None:
        self.paused.add(at)

    def resume(self, at: TopicPartition) -> None:
        self.paused.discard(at)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.update(offsets)
