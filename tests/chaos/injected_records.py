"""Records that the harness itself puts onto topics, each written to the history with its position."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import aiokafka
from aiokafka.errors import KafkaError

from tests.chaos.history import History

Position = tuple[str, int, int]

UNREADABLE, RULE = b"\x00 this is no event", "malformed"
PATIENCE_MS = 180_000


@dataclass
class InjectedRecords:
    """The records' positions, and the history file."""

    history: Path
    positions: list[Position] = field(default_factory=list)

    async def put(self, kafka: str, topic: str, count: int, partition: int | None = None) -> None:
        """Put unreadable records in a row; each is written to the history once the broker has it."""
        producer = await _connected(kafka)
        try:
            for _ in range(count):
                await self._put_one(producer, topic, partition)
        finally:
            await producer.stop()

    async def _put_one(self, producer: aiokafka.AIOKafkaProducer, topic: str, partition: int | None) -> None:
        """Wait for the broker even when cancelled: a record that it has must be in the history."""
        sending = asyncio.ensure_future(
            producer.send_and_wait(topic, UNREADABLE, key=b"unreadable", partition=partition)
        )
        try:
            await asyncio.shield(sending)
        finally:
            sent = await sending
            self._write((sent.topic, sent.partition, sent.offset))

    def _write(self, position: Position) -> None:
        self.positions.append(position)
        History(self.history).poisoned(*position, RULE)


async def _connected(kafka: str) -> aiokafka.AIOKafkaProducer:
    """Connect, again and again while the broker is away; a sent record is waited for longer than any fault lasts."""
    while True:
        producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", enable_idempotence=True, request_timeout_ms=PATIENCE_MS
        )
        try:
            await producer.start()
            return producer
        except KafkaError:
            await producer.stop()
            await asyncio.sleep(1)
