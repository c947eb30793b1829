"""The peer of the projector: Quix Streams, in a process and a virtual environment of its own (`make bench`)."""

import secrets
from collections import Counter
from pathlib import Path

import orjson

from tests.bench import child_process
from tests.bench.child_process import ROOT
from tests.bench.event_generator import TOPICS
from tests.bench.peers import PeerMissing
from tests.bench.servers import TOPIC_PARTITIONS, Servers

PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"  # needs an older pydantic-settings than the product
APP = Path(__file__).with_name("quix_app.py")
ROLLUP_SUMS = ("rollup_events", "rollups", "rollup_ranks")
TIMEOUT = 60.0  # seconds without a message


def require_installed() -> None:
    """Raise PeerMissing if Quix Streams is not installed."""
    if not list(PYTHON.parents[1].glob("lib/python*/site-packages/quixstreams")):
        raise PeerMissing("quixstreams가 설치되지 않았습니다 / is not installed: make bench")


async def run(servers: Servers, expected: dict[str, int], rollups: bool) -> float:
    """Return the rate in events a second, after a check of its sums; with rollups, or with each case's state alone."""
    arguments = {
        "bootstrap": servers.settings.kafka_bootstrap,
        "group": f"bench.quix.{secrets.token_hex(4)}",
        "topics": TOPICS,
        "events": expected["events"],
        "rollups": rollups,
        "timeout": TIMEOUT,
    }
    async with child_process.running(arguments, str(APP), python=str(PYTHON)) as app:
        sums = await app.receive()
    expected = {name: value if rollups or name not in ROLLUP_SUMS else 0 for name, value in expected.items()}
    assert {name: sums[name] for name in expected} == expected, f"{sums}, not {expected}"
    return expected["events"] / (float(sums["ended"]) - float(sums["began"]))


async def expected_sums(servers: Servers) -> dict[str, int]:
    """Return the expected sums of all running counts and sums.

    By topic and case there is a running count and a running sum; by topic, programme and day a running count.
    """
    counts, sums = Counter[tuple[str, bytes]](), Counter[tuple[str, bytes]]()
    rollups = Counter[tuple[str, str, str]]()
    events = ranks = won = 0
    async for record in servers.read(TOPIC_PARTITIONS):
        key = (record.topic, record.key)
        counts[key] += 1
        value = orjson.loads(record.value)
        sums[key] += sum(value.get("amounts_krw", {}).values())
        rollups[record.topic, value["programme_id"], value["occurred_on"]] += 1
        events, ranks, won = events + 1, ranks + counts[key], won + sums[key]
    case_sums = {"events": events, "keys": len(counts), "ranks": ranks, "won": won}
    rollup_sums = (events, len(rollups), sum(count * (count + 1) // 2 for count in rollups.values()))
    return case_sums | dict(zip(ROLLUP_SUMS, rollup_sums, strict=True))
