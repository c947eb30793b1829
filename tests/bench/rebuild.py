"""Rebuilding all projections: a hundred times the events must take a hundred times as long, in no more memory."""

from collections.abc import AsyncIterator
from statistics import median
from typing import Any

from services.monitoring.main import SERVICE
from tests import databases as real
from tests.bench import child, projector
from tests.bench.figure import SHORT_TURNS, Figure
from tests.bench.projecting import ALL
from tests.bench.servers import Servers

SMALL, LARGE = 30_000, 3_000_000
MIB = 1 << 20


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    """The small one thrice as often: it takes seconds, and the machine's speed moves. The large one once."""
    await servers.begin_topics_anew()
    few, many = servers.sized(SMALL), servers.sized(LARGE)
    await folded(servers, few)
    short = [await rebuilt(servers) for _ in range(SHORT_TURNS * rounds)]
    await folded(servers, many)
    long = await rebuilt(servers)
    name = f"rebuild of {many:,} / of {few:,}"
    seconds, size = (median(one[what] for one in short) for what in ("seconds", "bytes"))
    yield Figure(f"{name}, per event", 1e6 * long["seconds"] / many, 1e6 * seconds / few, "µs", "<= 1.2")
    yield Figure(f"{name}, memory", long["bytes"] / MIB, size / MIB, "MiB", "<= 2")


async def folded(servers: Servers, events: int) -> None:
    """So many events on the topics and in the live tables."""
    await servers.fill(events)
    speed = await projector.fold(servers, ALL)
    servers.say(f"{servers.filled:,} 사건 반영 / folded: {speed:,.0f}/s")


async def rebuilt(servers: Servers) -> dict[str, Any]:
    given = {"bootstrap": servers.settings.kafka_bootstrap, "url": real.owner_url(SERVICE.name)}
    async with child.started(given, "-m", "tests.bench.rebuilding") as process:
        found = await process.hear()
    assert found["equal"], found
    assert found["records"] == servers.filled, found
    servers.say(
        f"{servers.filled:,} 다시 / rebuilt: {found['seconds']:.1f} s, {found['bytes'] / MIB:,.0f} MiB"
    )
    return found
