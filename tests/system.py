"""Services on one Kafka, in memory or the real one, behind the same interface for tests."""

import asyncio
import os
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream.kafka import KafkaBroker, TestKafkaBroker

from deploy.kafka.topics import PARTITIONS
from shared.config import Settings
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import create_broker, create_producer
from shared.messaging.relay import publish_pending
from shared.messaging.relay import run as run_relay
from shared.observability.health import Health
from shared.projections.projector import Projector
from shared.service import Service
from tests.databases import Databases
from tests.memory import MemoryKafka

QUIESCENCE_TIMEOUT = float(os.environ.get("IEUM_TEST_QUIESCENCE_SECONDS", "30"))


class System(AsyncExitStack):
    """Consumers, projectors and relays of some services on one Kafka; `send` appends a record to a topic."""

    send: Callable[..., Awaitable[Any]]

    def __init__(self, services: Sequence[Service], databases: Databases, settings: Settings) -> None:
        super().__init__()
        self.services, self.databases, self.settings = services, databases, settings
        self.consumers: dict[str, Consumer] = {}
        self.projectors: dict[str, Projector] = {}

    def subscribe(self, broker: KafkaBroker) -> None:
        """Register each service's consumer and projector on the broker."""
        for service in self.services:
            database = self.databases[service.name]
            if service.handlers:
                consumer = Consumer(database, service.handlers, service.dead_letter_event, self.settings)
                consumer.subscribe(broker)
                self.consumers[service.name] = consumer
            if service.projections:
                projector = Projector(database, service.projections, service.dead_letter_event, self.settings)
                projector.subscribe(broker)
                self.projectors[service.name] = projector

    @abstractmethod
    async def start(self) -> None:
        """Start all consumers, projectors and relays."""

    @abstractmethod
    async def is_quiescent(self) -> bool:
        """Return whether nothing is left to publish, consume or fold; in memory, each call does one step of that work."""

    @abstractmethod
    async def log(self, topic: str) -> list[Any]:
        """Return every record of the topic, by partition and offset."""

    async def restart(self) -> None:
        """Restart the services: their memory is lost, Postgres and Kafka remain."""
        await self.aclose()
        await self.start()

    async def run_until_quiescent(self) -> None:
        """Run relays, consumers and projectors until every event is handled. Fails after QUIESCENCE_TIMEOUT."""
        deadline = time.monotonic() + QUIESCENCE_TIMEOUT
        while not await self.is_quiescent():
            assert time.monotonic() < deadline, "the services never become quiescent"
            await asyncio.sleep(0.01)

    async def rows(self, service: str, table: str, where: str = "true") -> list[dict[str, Any]]:
        async with self.databases[service].transaction() as transaction:
            rows = await transaction.fetch(f'select * from "{table}" where {where} order by 1')
        return [dict(row) for row in rows]

    async def count(self, service: str, table: str, where: str = "true") -> int:
        return len(await self.rows(service, table, where))


class MemorySystem(System):
    """Services on a Kafka in memory, which run only while `run_until_quiescent` does."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.kafka = MemoryKafka()
        self.send = self.kafka.send

    async def start(self) -> None:
        broker = KafkaBroker(logger=None)
        self.subscribe(broker)
        await self.enter_async_context(TestKafkaBroker(broker))
        await self.kafka.attach(broker)

    async def log(self, topic: str) -> list[Any]:
        return list(self.kafka.logs[topic])

    async def is_quiescent(self) -> bool:
        done, paused = 0, self.kafka.paused
        for service in self.services:
            published, failed = await publish_pending(self.databases[service.name], self.kafka, 100)
            done += published + failed
        done += await self.kafka.deliver()
        for consumer in self.consumers.values():
            await consumer.retry_parked()
        return not done and not paused and not self.kafka.paused


class KafkaSystem(System):
    """Services on the real Kafka."""

    async def start(self) -> None:
        self.broker = create_broker(self.settings)
        self.subscribe(self.broker)
        await self.broker.start()
        self.push_async_callback(self.broker.stop)
        producer = await self.enter_async_context(create_producer(self.settings))
        self.send = producer.send_and_wait
        for service in self.services:
            relay = run_relay(self.databases[service.name], self.settings, Health("relay"))
            self.push_async_callback(cancel, asyncio.create_task(relay))
        for consumer in self.consumers.values():
            self.push_async_callback(cancel, asyncio.create_task(consumer.run_parked_retries()))

    async def log(self, topic: str) -> list[Any]:
        records: list[Any] = []
        reader = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap)
        async with reader:
            reader.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
            await reader.seek_to_beginning()
            first = await reader.beginning_offsets(reader.assignment())
            ends = await reader.end_offsets(reader.assignment())
            while len(records) < sum(ends.values()) - sum(first.values()):
                for fetched in (await reader.getmany(timeout_ms=100)).values():
                    records += fetched
        return sorted(records, key=lambda record: (record.partition, record.offset))

    async def is_quiescent(self) -> bool:
        if any([await self.count(service.name, "outbox") for service in self.services]):
            return False
        subscribers: list[Any] = list(self.broker.subscribers)
        return all([await self.is_caught_up(subscriber.consumer) for subscriber in subscribers])

    async def is_caught_up(self, consumer: AIOKafkaConsumer) -> bool:
        """Return whether the committed offsets of all assigned partitions are at their ends."""
        assigned = consumer.assignment()
        first, ends = await consumer.beginning_offsets(assigned), await consumer.end_offsets(assigned)
        lag = [end - max(await consumer.committed(at) or 0, first[at]) for at, end in ends.items()]
        return bool(assigned) and not any(lag)


async def cancel(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
