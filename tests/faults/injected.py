"""What the harness itself put onto topics: each record with its place, in the history, so that the checker knows it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import aiokafka

Place = tuple[str, int, int]

UNREADABLE = b"\x00 this is no event"


@dataclass
class Injected:
    """The records' places, and the file where they are told."""

    history: Path
    places: list[Place] = field(default_factory=list)

    async def put(self, kafka: str, topic: str, count: int, partition: int | None = None) -> None:
        """So many records in a row that nobody can read; each stands in the history once the broker has it."""
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
        async with producer:
            for _ in range(count):
                sent = await producer.send_and_wait(topic, UNREADABLE, key=b"unreadable", partition=partition)
                self._tell(sent.topic, sent.partition, sent.offset)

    def _tell(self, topic: str, partition: int, offset: int) -> None:
        self.places.append((topic, partition, offset))
        line = {"op": "injected", "topic": topic, "partition": partition, "offset": offset}
        with self.history.open("a", encoding="utf-8") as history:
            history.write(json.dumps(line) + "\n")
