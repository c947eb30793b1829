"""The projector (real folds, deduplicated, one transaction a batch) against a bare loop that only reads."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.monitoring.main import SERVICE
from services.monitoring.projections import timeline
from shared.delivery.kafka import quiet_broker
from shared.delivery.projection import Projection
from shared.delivery.projector import Projector
from tests import databases as real
from tests.bench.figure import Figure, alternating
from tests.bench.servers import PLACES, Servers

EVENTS = 300_000
WITHOUT_TIMELINE = tuple(one for one in SERVICE.projections if one is not timeline.PROJECTION)


class Timed(Projector):
    """Knows when its first batch came, and when it stands at the ends."""

    ends: dict[TopicPartition, int]
    began: float | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.done = asyncio.Event()

    async def receive(self, records: Any) -> None:
        self.began = self.began or time.perf_counter()
        await super().receive(records)
        if all(self.positions.get(at, 0) >= end for at, end in self.ends.items()):
            self.done.set()


async def bare(servers: Servers) -> float:
    """Records a second of a loop that only reads."""
    ends, read, began = await servers.ends(), 0, 0.0
    total = sum(ends.values())
    async with AIOKafkaConsumer(
        bootstrap_servers=servers.settings.kafka_bootstrap, enable_auto_commit=False
    ) as reader:
        reader.assign(PLACES)
        await reader.seek_to_beginning()
        while read < total:
            batch = await reader.getmany(timeout_ms=1_000, max_records=servers.settings.projector_batch)
            began = began or time.perf_counter()
            read += sum(map(len, batch.values()))
    return total / (time.perf_counter() - began)


async def fold(servers: Servers, projections: Sequence[Projection]) -> float:
    """Records a second of the product's projector, from empty tables to the ends."""
    await real.empty()
    database = servers.databases["monitoring"]
    projector = Timed(database, projections, SERVICE.told, servers.settings, touches=SERVICE.touches)
    projector.ends = await servers.ends()
    broker = quiet_broker(servers.settings)
    projector.subscribe(broker)
    await broker.start()
    try:
        await projector.done.wait()
        assert projector.began is not None
        return sum(projector.ends.values()) / (time.perf_counter() - projector.began)
    finally:
        await broker.stop()


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    await servers.fill(EVENTS)
    contestants = {
        "bare read": partial(bare, servers),
        "projector": partial(fold, servers, WITHOUT_TIMELINE),
        "projector with timeline": partial(fold, servers, SERVICE.projections),
    }
    found = await alternating(contestants, rounds, servers.say)
    yield Figure("projector / bare read", found["projector"], found["bare read"], "events/s", ">= 0.3")
    yield Figure(
        "projector with timeline / bare read",
        found["projector with timeline"],
        found["bare read"],
        "events/s",
    )
