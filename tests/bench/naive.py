"""The naive projector: FastStream message by message, pydantic, an inbox, one transaction an event, and no fence.

It uses the product's folds and SQL, so the work is the same. Without the inbox an event that is delivered twice is
folded twice, which the product's projector never does; that is measured as well.
"""

import asyncio
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from services.monitoring.main import SERVICE
from shared.database.engine import Database
from shared.events import Event
from shared.messaging.inbox import CLAIM
from shared.projections.projection import Collector, DecodedEvent, Projection
from tests.bench.polling import TIMEOUT
from tests.bench.servers import Servers


class NaiveProjector:
    """Folds events one by one; `done` is set after `events` of them."""

    def __init__(
        self, database: Database, projections: Sequence[Projection], events: int, *, inbox: bool
    ) -> None:
        self.database, self.events, self.inbox = database, events, inbox
        collectors = [collector for projection in projections for collector in projection.collectors()]
        self.subscriptions = {
            event.type(): (event, [collector for collector in collectors if event in collector.subscribes_to])
            for projection in projections
            for event in projection.subscribes_to
        }
        self.handled = 0
        self.began = self.ended = 0.0
        self.done = asyncio.Event()

    async def handle(self, message: KafkaMessage) -> None:
        self.began = self.began or time.perf_counter()
        record: Any = message.raw_message
        headers = dict(record.headers)
        if subscription := self.subscriptions.get(headers["ce_type"].decode()):
            event, collectors = subscription
            await self.fold(decode(event, headers, record.value), collectors, sha256(record.value).digest())
        self.handled += 1
        if self.handled == self.events:
            self.ended = time.perf_counter()
            self.done.set()

    async def fold(self, event: DecodedEvent, collectors: Sequence[Collector], digest: bytes) -> None:
        """Fold one event, without any state in memory: that would need a fence."""
        async with self.database.transaction() as transaction:
            connection = await transaction.connection()
            if self.inbox and not await connection.fetchval(CLAIM, event.source, event.id, digest):
                return
            for collector in collectors:
                collector.reset()
                await collector.load(connection, [event])
                collector.collect([event])
                if changes := collector.drain():
                    await collector.save(connection, changes)


def decode(event: type[Event], headers: dict[str, bytes], value: bytes) -> DecodedEvent:
    envelope = {name.removeprefix("ce_"): text.decode() for name, text in headers.items()}
    data = event.model_validate_json(value).model_dump(mode="json", exclude_none=True)
    identity = (envelope["type"], envelope["source"], envelope["id"], envelope["subject"])
    sequence = int(envelope["sequence"])
    return DecodedEvent(
        *identity, sequence, data["occurred_on"], envelope["time"], data, envelope.get("authid")
    )


async def measure(
    servers: Servers, projections: Sequence[Projection], topic: str, events: int, *, inbox: bool
) -> float:
    """Return the rate of the naive projector in events a second."""
    naive = NaiveProjector(servers.databases[SERVICE.name], projections, events, inbox=inbox)
    broker = KafkaBroker(servers.settings.kafka_bootstrap, logger=None, allow_auto_create_topics=False)
    broker.subscriber(topic, group_id=topic, auto_offset_reset="earliest")(naive.handle)
    await broker.start()
    try:
        async with asyncio.timeout(TIMEOUT):
            await naive.done.wait()
    finally:
        await broker.stop()
    return events / (naive.ended - naive.began)
