"""The servers under measurement: the embedded Kafka and PostgreSQL, with generated events on the topics."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka import topics
from deploy.kafka.topics import PARTITIONS
from shared.config import Settings
from shared.messaging import kafka
from tests import databases as real
from tests.bench import event_generator
from tests.bench.event_generator import GeneratedRecord
from tests.bench.polling import until
from tests.bench.progress import Progress
from tests.databases import Databases
from tests.stack import kafka_bootstrap

ALL = list(range(PARTITIONS))
TOPIC_PARTITIONS = [TopicPartition(topic, number) for topic in event_generator.TOPICS for number in ALL]
CHUNK = 60_000
TRUNCATE = """
do $$
begin
    set local session_replication_role = replica;
    execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables
             where schemaname in ('applications', 'funding', 'monitoring', 'notifications')
                   and tablename not in ('alembic_version', 'live_projection'));
end $$
"""
endless_records = partial(event_generator.generate_records, 10**9)
partition_of_key = partial(kafka.partition_for_key, partitions=ALL, available=ALL)


def partitions_of(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in ALL]


@dataclass
class Servers:
    """Kafka and the databases. `filled`: number of generated events on the product's topics, which hold nothing else.

    `divisor`: sizes are divided by it (quick run).
    """

    settings: Settings
    databases: Databases
    progress: Progress
    divisor: int = 1
    filled: int = 0
    records: Iterator[GeneratedRecord] = field(default_factory=endless_records, repr=False)

    @classmethod
    async def start(cls, progress: Progress, divisor: int = 1) -> "Servers":
        progress("Kafka, PostgreSQL")
        settings = Settings(kafka_bootstrap=kafka_bootstrap())
        await real.prepare()
        return cls(settings, real.databases(settings), progress, divisor)

    async def close(self) -> None:
        for database in self.databases.values():
            await database.close()

    def sized(self, number: int) -> int:
        """The number, divided by `divisor` in a quick run."""
        return max(1, number // self.divisor)

    async def fill(self, events: int) -> None:
        """Fill the topics up to so many events, continuing one sequence of generated records."""
        async with self.producer() as producer:
            while self.filled < events:
                chunk = [next(self.records) for _ in range(min(CHUNK, events - self.filled))]
                await send_batches(producer, chunk)
                self.filled += len(chunk)
                self.progress(f"{self.filled:,} / {events:,} 사건을 토픽에 / events on the topics")

    async def recreate_topics(self) -> None:
        """Delete and create the product's topics: empty, from offset 0 on."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap)
        await admin.start()
        try:
            await admin.delete_topics(event_generator.TOPICS)

            async def are_gone() -> bool:
                return not set(event_generator.TOPICS) & set(await admin.list_topics())

            await until(are_gone)
        finally:
            await admin.close()
        await topics.create(self.settings.kafka_bootstrap)
        await self.end_offsets()  # waits until each partition has a leader
        self.filled, self.records = 0, endless_records()

    async def produce(self, records: Sequence[GeneratedRecord]) -> None:
        """Send the records to the topics they name."""
        async with self.producer() as producer:
            await send_batches(producer, records)

    def producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, acks=1, linger_ms=0, max_batch_size=1_000_000
        )

    async def end_offsets(self, at: Sequence[TopicPartition] = TOPIC_PARTITIONS) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap) as reader:
            return dict(await reader.end_offsets(at))

    async def delete_all_rows(self) -> None:
        """Truncate all tables, reset statistics and take a checkpoint, so that the next contestant is not slowed."""
        connection = await real.admin()
        try:
            await connection.execute(TRUNCATE)
            await connection.execute("select pg_stat_reset()")
            await connection.execute("checkpoint")
        finally:
            await connection.close()

    async def make_topic(self, prefix: str) -> str:
        """Create a topic and return its unique name."""
        name = f"{prefix}.{secrets.token_hex(4)}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
        finally:
            await admin.close()
        await self.end_offsets(partitions_of(name))  # waits until each partition has a leader
        return name

    async def wait_for_records(self, topic: str, records: int) -> None:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap) as reader:

            async def holds() -> bool:
                ends = await reader.end_offsets(partitions_of(topic))
                return bool(sum(ends.values()) >= records)

            await until(holds)

    @asynccontextmanager
    async def consumer(self, at: Sequence[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer at the beginning of the partitions, with the projector's fetch settings."""
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap,
            enable_auto_commit=False,
            max_partition_fetch_bytes=kafka.PROJECTOR_FETCH_BYTES,
        ) as reader:
            reader.assign(at)
            await reader.seek_to_beginning()
            yield reader

    async def read(self, at: Sequence[TopicPartition]) -> AsyncIterator[Any]:
        """Yield every record of the partitions."""
        remaining = sum((await self.end_offsets(at)).values())
        async with self.consumer(at) as reader:
            while remaining > 0:
                batch = await reader.getmany(timeout_ms=1_000, max_records=self.settings.projector_batch)
                for records in batch.values():
                    remaining -= len(records)
                    for record in records:
                        yield record


async def send_batches(producer: AIOKafkaProducer, records: Iterable[GeneratedRecord]) -> None:
    """Send the records by partition in as few requests as possible, concurrently: filling is not measured."""
    by_partition: dict[tuple[str, int], list[GeneratedRecord]] = {}
    for record in records:
        by_partition.setdefault((record.topic, partition_of_key(record.key)), []).append(record)
    await asyncio.gather(*(send_partition(producer, *at, batch) for at, batch in by_partition.items()))


async def send_partition(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[GeneratedRecord]
) -> None:
    batch = producer.create_batch()
    for record in records:
        entry = {"key": record.key, "value": record.value, "headers": record.headers, "timestamp": None}
        if batch.append(**entry) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**entry)
    await (await producer.send_batch(batch, topic, partition=partition))
