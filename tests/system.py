"""Services on a Kafka: in memory, or the real one. Tests speak to both in the same words."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream.kafka import KafkaBroker, TestKafkaBroker
from sqlalchemy import text

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

QUIESCENCE_TIMEOUT = 30.0  # seconds


class System(AsyncExitStack):
    """Some services, wired to one Kafka; `send` puts a record onto a topic as an outsider would."""

    send: Callable[..., Awaitable[Any]]

    def __init__(self, services: Sequence[Service], databases: Databases, settings: Settings) -> None:
        super().__init__()
        self.services, self.databases, self.settings = services, databases, settings
        self.consumers: dict[str, Consumer] = {}
        self.projectors: dict[str, Projector] = {}

    def subscribe(self, broker: KafkaBroker) -> None:
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
    async def start(self) -> None: ...

    @abstractmethod
    async def is_quiescent(self) -> bool:
        """Whether nothing is left to relay, to consume or to fold; the memory takes a step when it is asked."""

    @abstractmethod
    async def log(self, topic: str) -> list[Any]:
        """Every record of the topic, by partition and offset."""

    async def restart(self) -> None:
        """What the processes knew is gone; Postgres and Kafka remain."""
        await self.aclose()
        await self.start()

    async def run_until_quiescent(self) -> None:
        """Let relays, consumers and projectors run until all that was said is heard."""
        deadline = time.monotonic() + QUIESCENCE_TIMEOUT
        while not await self.is_quiescent():
            assert time.monotonic() < deadline, "the services never fall silent"
            await asyncio.sleep(0.01)

    async def rows(self, service: str, table: str, where: str = "true") -> list[dict[str, Any]]:
        async with self.databases[service].transaction() as session:
            found = await session.execute(text(f'select * from "{table}" where {where} order by 1'))
            return [dict(row) for row in found.mappings()]

    async def count(self, service: str, table: str, where: str = "true") -> int:
        return len(await self.rows(service, table, where))


class MemorySystem(System):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
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
        moved, paused = 0, self.kafka.paused
        for service in self.services:
            published, failed = await publish_pending(self.databases[service.name], self.kafka, 100)
            moved += published + failed
        moved += await self.kafka.deliver()
        for consumer in self.consumers.values():
            await consumer.dispatcher.refresh_parked()
            await consumer.retry_parked()
        return not moved and not paused and not self.kafka.paused


class KafkaSystem(System):
    async def start(self) -> None:
        self.broker = create_broker(self.settings)
        self.subscribe(self.broker)
        await self.broker.start()
        self.push_async_callback(self.broker.stop)
        sender = await self.enter_async_context(create_producer(self.settings))
        self.send = sender.send_and_wait
        for service in self.services:
            work = run_relay(self.databases[service.name], self.settings, Health("relay"))
            self.push_async_callback(cancel, asyncio.create_task(work))
        for consumer in self.consumers.values():
            self.push_async_callback(cancel, asyncio.create_task(consumer.run_parked_retries()))

    async def log(self, topic: str) -> list[Any]:
        found: list[Any] = []
        reader = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap)
        async with reader:
            reader.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
            await reader.seek_to_beginning()
            first = await reader.beginning_offsets(reader.assignment())
            ends = await reader.end_offsets(reader.assignment())
            while len(found) < sum(ends.values()) - sum(first.values()):
                for records in (await reader.getmany(timeout_ms=100)).values():
                    found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))

    async def is_quiescent(self) -> bool:
        if any([await self.count(service.name, "outbox") for service in self.services]):
            return False
        subscribers: list[Any] = list(self.broker.subscribers)
        return all([await self.is_caught_up(one.consumer) for one in subscribers])

    async def is_caught_up(self, consumer: AIOKafkaConsumer) -> bool:
        mine = consumer.assignment()
        first, ends = await consumer.beginning_offsets(mine), await consumer.end_offsets(mine)
        left = [end - max(await consumer.committed(at) or 0, first[at]) for at, end in ends.items()]
        return bool(mine) and not any(left)


async def cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
