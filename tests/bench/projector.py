"""The projector (real folds, deduplicated, one transaction a batch) against a bare loop that only reads, and its peers."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aiokafka import TopicPartition

from services.monitoring.main import SERVICE
from services.monitoring.projections import cases, money, money_events, timeline, visits
from shared.delivery.kafka import quiet_broker
from shared.delivery.projection import Projection
from shared.delivery.projector import Projector, Turn
from tests.bench import naive, quix
from tests.bench.collecting import as_python_comes
from tests.bench.figure import Contestant, Figure, alternating
from tests.bench.peers import PeerMissing
from tests.bench.servers import PLACES, Servers
from tests.bench.waiting import PATIENCE

EVENTS, NAIVE_EVENTS = 300_000, 10_000
# It hears what it heard: the numbers of a subject have no gap, as in the product.
SILENT = replace(timeline.PROJECTION, rows=dict.fromkeys(timeline.PROJECTION.rows, lambda fact: ()))
WITHOUT_TIMELINE = tuple(SILENT if one is timeline.PROJECTION else one for one in SERVICE.projections)
CASES_AND_TILES: Sequence[Projection] = (
    cases.PROJECTION,
    money.PROJECTION,
    money_events.PROJECTION,
    visits.PROJECTION,
    SILENT,
)


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

    async def save(self, turn: Turn) -> None:
        await super().save(turn)
        if all(self.positions.get(at, 0) >= end for at, end in self.ends.items()):
            self.done.set()


async def bare(servers: Servers) -> float:
    """Records a second of a loop that only reads, in Python as it comes."""
    with as_python_comes():
        return await uncollected(servers)


async def uncollected(servers: Servers) -> float:
    """The same, with the product's setting of Python's collector: it never looks."""
    read = 0
    async with servers.reader(PLACES) as reader:
        began = time.perf_counter()
        while read < servers.filled:
            batch = await reader.getmany(timeout_ms=1_000, max_records=servers.settings.projector_batch)
            read += sum(map(len, batch.values()))
    return read / (time.perf_counter() - began)


async def fold(servers: Servers, projections: Sequence[Projection]) -> float:
    """Records a second of the product's projector, from empty tables to the ends."""
    await servers.empty()
    database = servers.databases["monitoring"]
    projector = Timed(database, projections, SERVICE.told, servers.settings, touches=SERVICE.touches)
    projector.ends = await servers.ends()
    broker = quiet_broker(servers.settings)
    projector.subscribe(broker)
    await broker.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await projector.done.wait()
        took = time.perf_counter() - projector.began
    finally:
        await broker.stop()
    async with database.fast_transaction() as connection:
        assert not await connection.fetchval("select count(*) from dead_letter")
    return sum(projector.ends.values()) / took


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    await servers.fill(servers.sized(EVENTS))
    peers, missing = dict[str, Contestant](), ""
    try:
        quix.look()
        wanted = await quix.sums(servers)
        peers["Quix, cases and tiles"] = partial(quix.run, servers, wanted, tiles=True)
        peers["Quix, cases alone"] = partial(quix.run, servers, wanted, tiles=False)
    except PeerMissing as reason:
        missing = str(reason)
    naively = partial(naive.fold, servers, WITHOUT_TIMELINE, servers.sized(NAIVE_EVENTS))
    contestants: dict[str, Contestant] = {  # who is held against whom stand close together
        "bare read": partial(bare, servers),
        "cases and tiles": partial(fold, servers, CASES_AND_TILES),
        **peers,
        "bare read, uncollected": partial(uncollected, servers),
        "all but the timeline": partial(fold, servers, WITHOUT_TIMELINE),
        "naive": partial(naively, inbox=True),
        "naive, no inbox": partial(naively, inbox=False),
        "all projections": partial(fold, servers, SERVICE.projections),
    }
    found = await alternating(contestants, rounds, servers.say)
    ours, part = "cases and tiles", "all but the timeline"
    yield Figure(f"projector, {ours} / bare read", *found.pair(ours, "bare read"), "events/s", ">= 0.3")
    pair = found.pair(ours, "bare read, uncollected")
    yield Figure(f"projector, {ours} / bare read, uncollected", *pair, "events/s")
    for others in (part, "all projections"):
        yield Figure(f"projector, {others} / bare read", *found.pair(others, "bare read"), "events/s")
    for kept, goal in ((ours, ">= 3"), ("cases alone", "")):
        pair = found.pair(ours, f"Quix, {kept}")
        yield Figure(f"projector / Quix Streams, {kept}", *pair, "events/s", goal, missing)
    yield Figure("projector / the naive way", *found.pair(part, "naive"), "events/s", ">= 50")
    pair = found.pair(part, "naive, no inbox")
    yield Figure("projector / the naive way, not deduplicated", *pair, "events/s")
