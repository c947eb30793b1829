"""What the harness itself put onto topics: each record with its place, in the history, so that the checker knows it."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import aiokafka
from aiokafka.errors import KafkaError

from tests.chaos.history import History

Place = tuple[str, int, int]

UNREADABLE, RULE = b"\x00 this is no event", "malformed"
PATIENCE_MS = 180_000


@dataclass
class Injected:
    """The records' places, and the file where they are told."""

    history: Path
    places: list[Place] = field(default_factory=list)

    async def put(self, kafka: str, topic: str, count: int, partition: int | None = None) -> None:
        """So many records in a row that nobody can read; each stands in the history once the broker has it."""
        producer = await _connected(kafka)
        try:
            for _ in range(count):
                await self._put_one(producer, topic, partition)
        finally:
            await producer.stop()

    async def _put_one(self, producer: aiokafka.AIOKafkaProducer, topic: str, partition: int | None) -> None:
        """Who is cut off here still waits: a record that the broker has would else stand nowhere."""
        sending = asyncio.ensure_future(
            producer.send_and_wait(topic, UNREADABLE, key=b"unreadable", partition=partition)
        )
        try:
            await asyncio.shield(sending)
        finally:
            sent = await sending
            self._tell((sent.topic, sent.partition, sent.offset))

    def _tell(self, place: Place) -> None:
        self.places.append(place)
        History(self.history).poisoned(*place, RULE)


async def _connected(kafka: str) -> aiokafka.AIOKafkaProducer:
    """A broker that is away is asked again; a record that was sent is waited for longer than any fault lasts."""
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
