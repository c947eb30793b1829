"""The servers that are measured against: the embedded Kafka and PostgreSQL, fresh, and filled with made-up lives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from deploy.kafka.topics import PARTITIONS
from shared.config import Settings
from tests import databases as real
from tests.bench import lives
from tests.bench.console import Say
from tests.bench.lives import Made
from tests.databases import Databases
from tests.stack import kafka_bootstrap

ALL = list(range(PARTITIONS))
PLACES = [TopicPartition(topic, number) for topic in lives.TOPICS for number in ALL]
CHUNK = 30_000
part_of = partial(DefaultPartitioner(), all_partitions=ALL, available=ALL)


@dataclass
class Servers:
    """`filled`: how many made-up events stand on the topics, which hold nothing else."""

    settings: Settings
    databases: Databases
    say: Say
    filled: int = 0
    _source: Any = field(default=None, repr=False)

    @classmethod
    async def start(cls, say: Say) -> "Servers":
        say("Kafka, PostgreSQL")
        settings = Settings(kafka_bootstrap=kafka_bootstrap(), projector_batch=20_000)
        await real.prepare()
        return cls(settings, real.databases(settings), say)

    async def fill(self, events: int) -> None:
        """So many events on the topics, all of one run of lives."""
        if self._source is None:
            self._source = lives.lives(10**9)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, acks=1, linger_ms=0, max_batch_size=1_000_000
        ) as producer:
            while self.filled < events:
                chunk = [next(self._source) for _ in range(min(CHUNK, events - self.filled))]
                await send_batches(producer, chunk)
                self.filled += len(chunk)
                self.say(f"{self.filled:,} / {events:,} 사건을 토픽에 / events on the topics")

    async def ends(self) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap) as reader:
            return dict(await reader.end_offsets(PLACES))

    async def close(self) -> None:
        for database in self.databases.values():
            await database.close()


async def send_batches(producer: AIOKafkaProducer, records: Iterable[Made]) -> None:
    """Per partition in as few requests as can be: filling is not what is measured."""
    by_place: dict[tuple[str, int], list[Made]] = {}
    for record in records:
        by_place.setdefault((record.topic, part_of(record.key)), []).append(record)
    for (topic, partition), run in by_place.items():
        await send_run(producer, topic, partition, run)


async def send_run(producer: AIOKafkaProducer, topic: str, partition: int, run: Sequence[Made]) -> None:
    batch = producer.create_batch()
    for record in run:
        said = {"key": record.key, "value": record.value, "headers": record.headers, "timestamp": None}
        if batch.append(**said) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**said)
    await (await producer.send_batch(batch, topic, partition=partition))
