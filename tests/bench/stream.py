"""200 open pages: how long after an event was committed each of them is told, through outbox, relay, topic and projector."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count

from services.monitoring.board.stream import POSITION
from shared.database.engine import Database
from shared.events.monitoring import PledgeProgressReported
from shared.messaging.outbox import emit
from tests.bench import child
from tests.bench.board import TODAY, board
from tests.bench.figure import Figure, percentile
from tests.bench.lives import PROGRAMMES
from tests.bench.servers import Servers
from tests.bench.waiting import until

PAGES = 200
LIMIT = 1_000.0  # ms
ALONE, GAP = 15, 2.0  # events, seconds between them: each is told at once
STEADY, RATE = 150, 10.0  # events, a second: pages are told of several together
NUMBERS = count(1)


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    database, chance = servers.databases["monitoring"], random.Random(1)
    async with board(servers, ("api", "relay", "projector")) as process:
        first = await awake(database)
        given = {"url": f"http://127.0.0.1:{process.port}/stream", "pages": PAGES}
        async with child.started(given, "-m", "tests.bench.listeners") as listeners:
            await listeners.hear()
            alone = await commit(database, [GAP * chance.uniform(0.8, 1.2) for _ in range(ALONE)])
            steady = await commit(database, [chance.expovariate(RATE) for _ in range(STEADY)])
            await until_folded(database, first + ALONE + STEADY)
            await asyncio.sleep(2 * GAP)  # the last word is on its way
            came = (await listeners.finish())["came"]
    for name, committed, before in (("alone", alone, first), (f"at {RATE:.0f}/s", steady, first + ALONE)):
        waited = waits(came, {before + n: at for n, at in enumerate(committed, start=1)})
        servers.say(f"{name}: p50 {percentile(waited, 50):.0f} ms, most {max(waited):.0f} ms")
        figure = f"event {name} → told to {PAGES} pages, p95"
        yield Figure(figure, percentile(waited, 95), LIMIT, "ms", "<= 1")


async def awake(database: Database) -> int:
    """The position once the process has folded an event: it owns its partitions from then on."""
    before = await position(database)
    await commit(database, [0.0])
    await until_folded(database, before + 1)
    return await position(database)


async def commit(database: Database, pauses: Sequence[float]) -> list[float]:
    """An event after each pause; when each was committed."""
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
        async with database.asyncpg_transaction() as connection:
            await emit(connection, event)
        committed.append(time.monotonic())
    return committed


async def position(database: Database) -> int:
    async with database.asyncpg_transaction() as connection:
        return int(await connection.fetchval(POSITION))


async def until_folded(database: Database, wanted: int) -> None:
    async def is_there() -> bool:
        return await position(database) >= wanted

    await until(is_there, pause=0.2)


def waits(came: Sequence[Sequence[tuple[int, float]]], committed: Mapping[int, float]) -> list[float]:
    """For each page and event the time (ms) until the page was told of a position that has it."""
    return [1_000 * (told(page, at) - when) for page in came for at, when in committed.items()]


def told(page: Sequence[tuple[int, float]], wanted: int) -> float:
    """Raises StopIteration for a page that never was."""
    return next(when for position, when in page if position >= wanted)
