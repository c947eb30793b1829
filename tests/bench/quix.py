"""The peer of the projector: Quix Streams, in a process and a virtual environment of its own (`make bench`)."""

import secrets
from collections import Counter
from pathlib import Path

import orjson

from tests.bench import child
from tests.bench.child import ROOT
from tests.bench.lives import TOPICS
from tests.bench.peers import PeerMissing
from tests.bench.servers import PLACES, Servers

PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"  # its pydantic-settings is older than ours
APP = Path(__file__).with_name("quix_app.py")
TILES = ("tiled", "tiles", "tile_ranks")
PATIENCE = 60.0  # seconds without a message


def look() -> None:
    """Raises PeerMissing where it is not installed."""
    if not list(PYTHON.parents[1].glob("lib/python*/site-packages/quixstreams")):
        raise PeerMissing("quixstreams가 설치되지 않았습니다 / is not installed: make bench")


async def run(servers: Servers, wanted: dict[str, int], tiles: bool) -> float:
    """Events a second, once its sums are seen to be the wanted ones; with tiles, or with each case's state alone."""
    given = {
        "bootstrap": servers.settings.kafka_bootstrap,
        "group": f"bench.quix.{secrets.token_hex(4)}",
        "topics": TOPICS,
        "events": wanted["events"],
        "tiles": tiles,
        "patience": PATIENCE,
    }
    async with child.started(given, str(APP), python=str(PYTHON)) as app:
        found = await app.hear()
    wanted = {name: number if tiles or name not in TILES else 0 for name, number in wanted.items()}
    assert {name: found[name] for name in wanted} == wanted, f"{found}, not {wanted}"
    return wanted["events"] / (float(found["ended"]) - float(found["began"]))


async def sums(servers: Servers) -> dict[str, int]:
    """What must come out: per topic and case a running count and a running sum, per topic, programme and day a
    running count, all added up."""
    counts, sums = Counter[tuple[str, bytes]](), Counter[tuple[str, bytes]]()
    tiles = Counter[tuple[str, str, str]]()
    events = ranks = won = 0
    async for record in servers.read(PLACES):
        key = (record.topic, record.key)
        counts[key] += 1
        value = orjson.loads(record.value)
        sums[key] += sum(value.get("amounts_krw", {}).values())
        tiles[record.topic, value["programme_id"], value["occurred_on"]] += 1
        events, ranks, won = events + 1, ranks + counts[key], won + sums[key]
    whole = {"events": events, "keys": len(counts), "ranks": ranks, "won": won}
    found = (events, len(tiles), sum(count * (count + 1) // 2 for count in tiles.values()))
    return whole | dict(zip(TILES, found, strict=True))
