"""Live updates of 200 open pages: time from an event's commit, through outbox, relay, topic and projector, to each page."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count

from services.monitoring.board.stream import POSITION_QUERY
from shared.database.engine import Database
from shared.events.monitoring import PledgeProgressReported
from shared.messaging.outbox import emit
from tests.bench import child_process
from tests.bench.board_process import TODAY, board
from tests.bench.event_generator import PROGRAMMES
from tests.bench.figure import Figure, percentile
from tests.bench.polling import until
from tests.bench.servers import Servers

PAGES = 200
LIMIT = 1_000.0  # ms
ALONE, GAP = 15, 2.0  # events, seconds between them: each is pushed at once
STEADY, RATE = 150, 10.0  # events, events a second: several are pushed together
NUMBERS = count(1)


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    database, randomness = servers.databases["monitoring"], random.Random(1)
    async with board(servers, ("api", "relay", "projector")) as process:
        first = await wait_for_projector(database)
        arguments = {"url": f"http://127.0.0.1:{process.port}/stream", "pages": PAGES}
        async with child_process.running(arguments, "-m", "tests.bench.stream_clients") as clients:
            await clients.receive()
            alone = await commit(database, [GAP * randomness.uniform(0.8, 1.2) for _ in range(ALONE)])
            steady = await commit(database, [randomness.expovariate(RATE) for _ in range(STEADY)])
            await until_folded(database, first + ALONE + STEADY)
            await asyncio.sleep(2 * GAP)  # the last position is being pushed
            arrivals = (await clients.finish())["arrivals"]
    for name, committed, before in (("alone", alone, first), (f"at {RATE:.0f}/s", steady, first + ALONE)):
        ms = latencies(arrivals, {before + n: at for n, at in enumerate(committed, start=1)})
        servers.progress(f"{name}: p50 {percentile(ms, 50):.0f} ms, most {max(ms):.0f} ms")
        figure = f"event {name} → pushed to {PAGES} pages, p95"
        yield Figure(figure, percentile(ms, 95), LIMIT, "ms", "<= 1")


async def wait_for_projector(database: Database) -> int:
    """Return the position after the projector has folded an event: it owns its partitions from then on."""
    before = await position(database)
    await commit(database, [0.0])
    await until_folded(database, before + 1)
    return await position(database)


async def commit(database: Database, pauses: Sequence[float]) -> list[float]:
    """Commit an event after each pause (seconds); return the time of each commit."""
    committed = []
    for pause in pauses:
        await asyncio.sleep(pause)
        event = PledgeProgressReported(
            programme_id=PROGRAMMES[0].decode(),
            pledge_id=f"pledge-{next(NUMBERS)}",
            percent=30,
            reported_by_ko="투자유치과",
            occurred_on=TODAY,
        )
        async with database.transaction() as transaction:
            await emit(transaction, event)
        committed.append(time.monotonic())
    return committed


async def position(database: Database) -> int:
    async with database.transaction() as transaction:
        return int(await transaction.value(POSITION_QUERY))


async def until_folded(database: Database, target: int) -> None:
    async def is_folded() -> bool:
        return await position(database) >= target

    await until(is_folded, pause=0.2)


def latencies(arrivals: Sequence[Sequence[tuple[int, float]]], committed: Mapping[int, float]) -> list[float]:
    """Return, for each page and event, the milliseconds from its commit until its position reached the page."""
    return [
        1_000 * (first_arrival(page, position) - committed_at)
        for page in arrivals
        for position, committed_at in committed.items()
    ]


def first_arrival(page: Sequence[tuple[int, float]], target: int) -> float:
    """Return when the page got the position or a later one; raises StopIteration if it never did."""
    return next(arrived_at for position, arrived_at in page if position >= target)
