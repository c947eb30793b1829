"""The naive way: FastStream a message, pydantic, an inbox, one transaction an event, and no fence.

Its folds and its SQL are the product's own, so the work is the same. Without the inbox an
event that is delivered again is added again, which the projector does not do: that is measured beside it.
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
from tests.bench.servers import Servers
from tests.bench.waiting import PATIENCE


class Naive:
    """Is done after so many events."""

    def __init__(
        self, database: Database, projections: Sequence[Projection], events: int, *, inbox: bool
    ) -> None:
        self.database, self.events, self.inbox = database, events, inbox
        collectors = [one for projection in projections for one in projection.collectors()]
        self.heard = {
            event.type(): (event, [one for one in collectors if event in one.subscribes_to])
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
        if heard := self.heard.get(headers["ce_type"].decode()):
            event, collectors = heard
            await self.fold(fact_of(event, headers, record.value), collectors, sha256(record.value).digest())
        self.handled += 1
        if self.handled == self.events:
            self.ended = time.perf_counter()
            self.done.set()

    async def fold(self, fact: DecodedEvent, collectors: Sequence[Collector], digest: bytes) -> None:
        """Nothing is held in memory from one event to the next: without a fence nobody may."""
        async with self.database.asyncpg_transaction() as connection:
            if self.inbox and not await connection.fetchval(CLAIM, fact.source, fact.id, digest):
                return
            for one in collectors:
                one.reset()
                await one.load(connection, [fact])
                one.collect([fact])
                if given := one.drain():
                    await one.save(connection, given)


def fact_of(event: type[Event], headers: dict[str, bytes], value: bytes) -> DecodedEvent:
    said = {name.removeprefix("ce_"): text.decode() for name, text in headers.items()}
    data = event.model_validate_json(value).model_dump(mode="json", exclude_none=True)
    named = (said["type"], said["source"], said["id"], said["subject"], int(said["sequence"]))
    return DecodedEvent(*named, data["occurred_on"], said["time"], data, said.get("authid"))


async def hear(
    servers: Servers, projections: Sequence[Projection], topic: str, events: int, *, inbox: bool
) -> float:
    """Events a second."""
    naive = Naive(servers.databases[SERVICE.name], projections, events, inbox=inbox)
    broker = KafkaBroker(servers.settings.kafka_bootstrap, logger=None, allow_auto_create_topics=False)
    broker.subscriber(topic, group_id=topic, auto_offset_reset="earliest")(naive.handle)
    await broker.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await naive.done.wait()
    finally:
        await broker.stop()
    return events / (naive.ended - naive.began)
