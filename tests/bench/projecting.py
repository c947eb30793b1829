"""The projector and what it is held against, each in a process of its own: what one leaves in memory slows no other.

In the parent `rate` runs one of CONTESTANTS; in the child it is given what the servers are, and answers records a second.
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
from shared.garbage import tune_garbage_collection
from shared.messaging.kafka import create_broker
from shared.projections.projection import Projection
from shared.projections.projector import Batch, Projector
from tests import databases as real
from tests.bench import child, naive
from tests.bench.console import say
from tests.bench.servers import PLACES, Servers
from tests.bench.waiting import PATIENCE

# It hears what it heard: the numbers of a subject have no gap, as in the product.
SILENT = replace(timeline.PROJECTION, rows=dict.fromkeys(timeline.PROJECTION.rows, lambda fact: ()))
CASES_AND_TILES, WITHOUT_TIMELINE, ALL = "cases and tiles", "all but the timeline", "all projections"
PROJECTIONS: Mapping[str, Sequence[Projection]] = {
    CASES_AND_TILES: (cases.PROJECTION, money.PROJECTION, money_events.PROJECTION, visits.PROJECTION, SILENT),
    WITHOUT_TIMELINE: tuple(SILENT if one is timeline.PROJECTION else one for one in SERVICE.projections),
    ALL: SERVICE.projections,
}


async def rate(servers: Servers, contestant: str, *, rarely: bool = True, **given: Any) -> float:
    """In the parent: records a second. `rarely`: Python's collector looks rarely, as in every process of the product."""
    whole = {
        "bootstrap": servers.settings.kafka_bootstrap,
        "url": real.app_url(SERVICE.name),
        "filled": servers.filled,
        "contestant": contestant,
        "rarely": rarely,
        "given": given,
    }
    async with child.started(whole, "-m", __name__) as process:
        return float((await process.hear())["rate"])


async def bare(servers: Servers) -> float:
    """A loop that only reads."""
    read = 0
    async with servers.reader(PLACES) as reader:
        began = time.perf_counter()
        while read < servers.filled:
            batch = await reader.getmany(timeout_ms=1_000, max_records=servers.settings.projector_batch)
            read += sum(map(len, batch.values()))
    return read / (time.perf_counter() - began)


class Timed(Projector):
    """Knows when its partitions became its own, and when it stands at their ends."""

    ends: dict[TopicPartition, int]
    began = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.done = asyncio.Event()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await super().on_partitions_assigned(assigned)
        self.began = self.began or time.perf_counter()

    async def save(self, turn: Batch) -> None:
        await super().save(turn)
        if all(self.committed_offsets.get(at, 0) >= end for at, end in self.ends.items()):
            self.done.set()


async def fold(servers: Servers, projections: str) -> float:
    """The product's projector, from empty tables to the ends."""
    database = servers.databases[SERVICE.name]
    projector = Timed(
        database,
        PROJECTIONS[projections],
        SERVICE.dead_letter_event,
        servers.settings,
        touches=SERVICE.change_key,
    )
    projector.ends = await servers.ends()
    broker = create_broker(servers.settings)
    projector.subscribe(broker)
    await broker.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await projector.done.wait()
        took = time.perf_counter() - projector.began
    finally:
        await broker.stop()
    async with database.asyncpg_transaction() as connection:
        assert not await connection.fetchval("select count(*) from dead_letter")
    return sum(projector.ends.values()) / took


async def one_by_one(servers: Servers, topic: str, events: int, inbox: bool) -> float:
    return await naive.hear(servers, PROJECTIONS[WITHOUT_TIMELINE], topic, events, inbox=inbox)


CONTESTANTS: Mapping[str, Callable[..., Awaitable[float]]] = {
    "bare": bare,
    "fold": fold,
    "one by one": one_by_one,
}


async def main() -> None:
    given = child.given()
    if given["rarely"]:
        tune_garbage_collection()
    database = Database(given["url"], SERVICE.name)
    settings = Settings(kafka_bootstrap=given["bootstrap"])
    servers = Servers(settings, {SERVICE.name: database}, say, filled=given["filled"])
    try:
        child.answer(rate=await CONTESTANTS[given["contestant"]](servers, **given["given"]))
    finally:
        await database.close()


if __name__ == "__main__":
    uvloop.run(main())
