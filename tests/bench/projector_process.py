"""The projector and its contestants, each in a process of its own so that none is slowed by another's memory.

The parent calls `measure`, which runs one of CONTESTANTS in a child and returns its rate in records a second.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import uvloop
from aiokafka import TopicPartition

from services.monitoring.main import SERVICE
from services.monitoring.projections import cases, money, money_events, timeline, visits
from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.kafka import create_broker
from shared.projections.projection import Projection
from shared.projections.projector import Projector, RecordsByPartition
from shared.service import tune_garbage_collection
from tests import databases as real
from tests.bench import child_process, naive
from tests.bench.polling import TIMEOUT
from tests.bench.progress import report_progress
from tests.bench.servers import TOPIC_PARTITIONS, Servers

# The timeline's subscriptions without its rows: a subject's sequence numbers have no gap, as in the product.
EMPTY_TIMELINE = replace(timeline.PROJECTION, rows=dict.fromkeys(timeline.PROJECTION.rows, lambda event: ()))
CASES_AND_ROLLUPS, WITHOUT_TIMELINE, ALL = "cases and rollups", "all but the timeline", "all projections"
PROJECTIONS: Mapping[str, Sequence[Projection]] = {
    CASES_AND_ROLLUPS: (
        cases.PROJECTION,
        money.PROJECTION,
        money_events.PROJECTION,
        visits.PROJECTION,
        EMPTY_TIMELINE,
    ),
    WITHOUT_TIMELINE: tuple(
        EMPTY_TIMELINE if projection is timeline.PROJECTION else projection
        for projection in SERVICE.projections
    ),
    ALL: SERVICE.projections,
}


async def measure(servers: Servers, contestant: str, *, tuned_gc: bool = True, **options: Any) -> float:
    """Return a contestant's rate in records a second. `tuned_gc`: collect garbage rarely, as the product does."""
    arguments = {
        "bootstrap": servers.settings.kafka_bootstrap,
        "url": real.app_url(SERVICE.name),
        "filled": servers.filled,
        "contestant": contestant,
        "tuned_gc": tuned_gc,
        "options": options,
    }
    async with child_process.running(arguments, "-m", __name__) as process:
        return float((await process.receive())["rate"])


async def read_only(servers: Servers) -> float:
    """Read all records and do nothing with them."""
    read = 0
    async with servers.consumer(TOPIC_PARTITIONS) as reader:
        began = time.perf_counter()
        while read < servers.filled:
            batch = await reader.getmany(timeout_ms=1_000, max_records=servers.settings.projector_batch)
            read += sum(map(len, batch.values()))
    return read / (time.perf_counter() - began)


class TimedProjector(Projector):
    """A projector that notes when it got its partitions, and sets `done` when it has committed their end offsets."""

    ends: dict[TopicPartition, int]
    began = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.done = asyncio.Event()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await super().on_partitions_assigned(assigned)
        self.began = self.began or time.perf_counter()

    async def fold_and_write(self, batch: RecordsByPartition) -> None:
        await super().fold_and_write(batch)
        if all(self.offsets.get(at, 0) >= end for at, end in self.ends.items()):
            self.done.set()


async def fold_batches(servers: Servers, projections: str) -> float:
    """Fold all records with the product's projector, into empty tables."""
    database = servers.databases[SERVICE.name]
    projector = TimedProjector(
        database,
        PROJECTIONS[projections],
        SERVICE.dead_letter_event,
        servers.settings,
        change_key=SERVICE.change_key,
    )
    projector.ends = await servers.end_offsets()
    broker = create_broker(servers.settings)
    projector.subscribe(broker)
    await broker.start()
    try:
        async with asyncio.timeout(TIMEOUT):
            await projector.done.wait()
        took = time.perf_counter() - projector.began
    finally:
        await broker.stop()
    async with database.batch_transaction() as connection:
        assert not await connection.fetchval("select count(*) from dead_letter")
    return sum(projector.ends.values()) / took


async def one_by_one(servers: Servers, topic: str, events: int, inbox: bool) -> float:
    return await naive.measure(servers, PROJECTIONS[WITHOUT_TIMELINE], topic, events, inbox=inbox)


CONTESTANTS: Mapping[str, Callable[..., Awaitable[float]]] = {
    "bare": read_only,
    "fold": fold_batches,
    "one by one": one_by_one,
}


async def main() -> None:
    arguments = child_process.arguments()
    if arguments["tuned_gc"]:
        tune_garbage_collection()
    database = Database(arguments["url"], SERVICE.name)
    settings = Settings(kafka_bootstrap=arguments["bootstrap"])
    servers = Servers(settings, {SERVICE.name: database}, report_progress, filled=arguments["filled"])
    try:
        child_process.send(rate=await CONTESTANTS[arguments["contestant"]](servers, **arguments["options"]))
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(main())
