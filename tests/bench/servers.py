"""The servers that are measured against: the embedded Kafka and PostgreSQL, fresh, and filled with made-up lives."""

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
from tests.bench import lives
from tests.bench.console import Say
from tests.bench.lives import Made
from tests.bench.waiting import until
from tests.databases import Databases
from tests.stack import kafka_bootstrap

ALL = list(range(PARTITIONS))
PLACES = [TopicPartition(topic, number) for topic in lives.TOPICS for number in ALL]
CHUNK = 60_000
TRUNCATE = """
do $$
begin
    set local session_replication_role = replica;
    execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables
             where schemaname in ('applications', 'funding', 'monitoring', 'notifications')
                   and tablename <> 'alembic_version');
end $$
"""
ENDLESS = partial(lives.lives, 10**9)
part_of = partial(kafka.partition_for_key, partitions=ALL, available=ALL)


def places(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in ALL]


@dataclass
class Servers:
    """`filled`: how many made-up events stand on the topics of ours, which hold nothing else.

    `share`: sizes are divided by it.
    """

    settings: Settings
    databases: Databases
    say: Say
    share: int = 1
    filled: int = 0
    source: Iterator[Made] = field(default_factory=ENDLESS, repr=False)

    @classmethod
    async def start(cls, say: Say, share: int = 1) -> "Servers":
        say("Kafka, PostgreSQL")
        settings = Settings(kafka_bootstrap=kafka_bootstrap())
        await real.prepare()
        return cls(settings, real.databases(settings), say, share)

    async def close(self) -> None:
        for database in self.databases.values():
            await database.close()

    def sized(self, number: int) -> int:
        """That many, or a share of it in a quick run."""
        return max(1, number // self.share)

    async def fill(self, events: int) -> None:
        """So many events on the topics, all of one run of lives."""
        async with self.filler() as producer:
            while self.filled < events:
                chunk = [next(self.source) for _ in range(min(CHUNK, events - self.filled))]
                await send_batches(producer, chunk)
                self.filled += len(chunk)
                self.say(f"{self.filled:,} / {events:,} 사건을 토픽에 / events on the topics")

    async def begin_topics_anew(self) -> None:
        """Without records, from offset 0 on."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap)
        await admin.start()
        try:
            await admin.delete_topics(lives.TOPICS)

            async def are_gone() -> bool:
                return not set(lives.TOPICS) & set(await admin.list_topics())

            await until(are_gone)
        finally:
            await admin.close()
        await topics.create(self.settings.kafka_bootstrap)
        await self.ends()  # asks each partition's leader, once there is one
        self.filled, self.source = 0, ENDLESS()

    async def put(self, records: Sequence[Made]) -> None:
        """On the topics that they name."""
        async with self.filler() as producer:
            await send_batches(producer, records)

    def filler(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, acks=1, linger_ms=0, max_batch_size=1_000_000
        )

    async def ends(self, at: Sequence[TopicPartition] = PLACES) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap) as reader:
            return dict(await reader.end_offsets(at))

    async def empty(self) -> None:
        """All tables of ours, without the remains that would slow the next contestant."""
        connection = await real.admin()
        try:
            await connection.execute(TRUNCATE)
            await connection.execute("select pg_stat_reset()")
            await connection.execute("checkpoint")
        finally:
            await connection.close()

    async def make_topic(self, prefix: str) -> str:
        """A new one, with a name of its own."""
        name = f"{prefix}.{secrets.token_hex(4)}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
        finally:
            await admin.close()
        await self.ends(places(name))  # asks each partition's leader, once there is one
        return name

    async def until_holds(self, topic: str, records: int) -> None:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap) as reader:

            async def holds() -> bool:
                ends = await reader.end_offsets(places(topic))
                return bool(sum(ends.values()) >= records)

            await until(holds)

    @asynccontextmanager
    async def reader(self, at: Sequence[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
        """Stands at the beginning, and fetches as the projector does, whose limit it is."""
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap,
            enable_auto_commit=False,
            max_partition_fetch_bytes=kafka.PROJECTOR_FETCH_BYTES,
        ) as reader:
            reader.assign(at)
            await reader.seek_to_beginning()
            yield reader

    async def read(self, at: Sequence[TopicPartition]) -> AsyncIterator[Any]:
        """Each record that stands there."""
        left = sum((await self.ends(at)).values())
        async with self.reader(at) as reader:
            while left > 0:
                batch = await reader.getmany(timeout_ms=1_000, max_records=self.settings.projector_batch)
                for records in batch.values():
                    left -= len(records)
                    for record in records:
                        yield record


async def send_batches(producer: AIOKafkaProducer, records: Iterable[Made]) -> None:
    """Per partition in as few requests as can be, all under way at once: filling is not what is measured."""
    by_place: dict[tuple[str, int], list[Made]] = {}
    for record in records:
        by_place.setdefault((record.topic, part_of(record.key)), []).append(record)
    await asyncio.gather(*(send_run(producer, *at, run) for at, run in by_place.items()))


async def send_run(producer: AIOKafkaProducer, topic: str, partition: int, run: Sequence[Made]) -> None:
    batch = producer.create_batch()
    for record in run:
        said = {"key": record.key, "value": record.value, "headers": record.headers, "timestamp": None}
        if batch.append(**said) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**said)
    await (await producer.send_batch(batch, topic, partition=partition))
