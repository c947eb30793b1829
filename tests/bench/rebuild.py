"""Rebuilding all projections: time and memory must not grow faster than the number of events."""

from collections.abc import AsyncIterator
from statistics import median
from typing import Any

from services.monitoring.main import SERVICE
from tests import databases as real
from tests.bench import child_process, projector
from tests.bench.figure import SHORT_ROUNDS_FACTOR, Figure
from tests.bench.projector_process import ALL
from tests.bench.servers import Servers

SMALL, LARGE = 30_000, 3_000_000
MIB = 1 << 20


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    """Measure small rebuilds, three times the rounds because each takes only seconds, and a large one once."""
    await servers.recreate_topics()
    few, many = servers.sized(SMALL), servers.sized(LARGE)
    await fold_events(servers, few)
    short = [await measure_rebuild(servers) for _ in range(SHORT_ROUNDS_FACTOR * rounds)]
    await fold_events(servers, many)
    long = await measure_rebuild(servers)
    name = f"rebuild of {many:,} / of {few:,}"
    seconds, size = (median(result[measure] for result in short) for measure in ("seconds", "bytes"))
    yield Figure(f"{name}, per event", 1e6 * long["seconds"] / many, 1e6 * seconds / few, "µs", "<= 1.2")
    yield Figure(f"{name}, memory", long["bytes"] / MIB, size / MIB, "MiB", "<= 2")


async def fold_events(servers: Servers, events: int) -> None:
    """Fill the topics up to so many events and fold them into the live tables."""
    await servers.fill(events)
    speed = await projector.fold(servers, ALL)
    servers.progress(f"{servers.filled:,} 사건 반영 / folded: {speed:,.0f}/s")


async def measure_rebuild(servers: Servers) -> dict[str, Any]:
    arguments = {"bootstrap": servers.settings.kafka_bootstrap, "url": real.owner_url(SERVICE.name)}
    async with child_process.running(arguments, "-m", "tests.bench.rebuild_process") as process:
        result = await process.receive()
    assert result["equal"], result
    assert result["records"] == servers.filled, result
    servers.progress(
        f"{servers.filled:,} 다시 / rebuilt: {result['seconds']:.1f} s, {result['bytes'] / MIB:,.0f} MiB"
    )
    return result
