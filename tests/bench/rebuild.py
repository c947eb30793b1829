"""Rebuilding all projections: a hundred times the events must take a hundred times as long, in no more memory."""

from collections.abc import AsyncIterator
from statistics import median
from typing import Any

from services.monitoring.main import SERVICE
from tests import databases as real
from tests.bench import child, projector
from tests.bench.figure import Figure
from tests.bench.projecting import ALL
from tests.bench.servers import Servers

SMALL, LARGE = 30_000, 3_000_000
MIB = 1 << 20


async def small(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    """Kept for the large one; `async for` over nothing."""
    await folded(servers, SMALL)
    found = [await rebuilt(servers, SMALL) for _ in range(rounds)]
    servers.kept["rebuild seconds"] = median(one["seconds"] for one in found)
    servers.kept["rebuild bytes"] = median(one["bytes"] for one in found)
    return
    yield


async def large(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    """Once: it is long enough to be steady."""
    await folded(servers, LARGE)
    found = await rebuilt(servers, LARGE)
    few, many = servers.sized(SMALL), servers.sized(LARGE)
    each = 1e6 * found["seconds"] / many
    yield Figure(
        f"rebuild of {many:,} / of {few:,}, per event",
        each,
        1e6 * servers.kept["rebuild seconds"] / few,
        "µs",
        "<= 1.2",
    )
    yield Figure(
        f"rebuild of {many:,} / of {few:,}, memory",
        found["bytes"] / MIB,
        servers.kept["rebuild bytes"] / MIB,
        "MiB",
        "<= 2",
    )


async def folded(servers: Servers, events: int) -> None:
    """So many events on the topics and in the live tables."""
    await servers.fill(servers.sized(events))
    speed = await projector.fold(servers, ALL)
    servers.say(f"{servers.filled:,} 사건 반영 / folded: {speed:,.0f}/s")


async def rebuilt(servers: Servers, events: int) -> dict[str, Any]:
    given = {"bootstrap": servers.settings.kafka_bootstrap, "url": real.owner_url(SERVICE.name)}
    async with child.started(given, "-m", "tests.bench.rebuilding") as process:
        found = await process.hear()
    assert found["equal"], found
    assert found["records"] == servers.filled == servers.sized(events), found
    servers.say(
        f"{servers.filled:,} 다시 / rebuilt: {found['seconds']:.1f} s, {found['bytes'] / MIB:,.0f} MiB"
    )
    return found
