"""The projector (real folds, deduplicated, one transaction a batch) against a bare loop that only reads, and its peers."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import cast

from services.monitoring.main import SERVICE
from shared.database.engine import Connection
from shared.messaging.kafka import Record
from shared.projections.batch import BatchFolder
from shared.projections.projection import Projection, tables_of
from tests.bench import lives, quix
from tests.bench.figure import Contestant, Figure, alternating
from tests.bench.lives import Made
from tests.bench.peers import PeerMissing
from tests.bench.projecting import ALL, CASES_AND_TILES, PROJECTIONS, WITHOUT_TIMELINE, rate
from tests.bench.servers import Servers

EVENTS, NAIVE_EVENTS = 300_000, 10_000


async def fold(servers: Servers, projections: str) -> float:
    await servers.empty()
    return await rate(servers, "fold", projections=projections)


async def naively(servers: Servers, events: int, *, inbox: bool) -> float:
    """The naive way's, once its tables are seen to be those of the product's fold of the same events.

    They are whole lives on a topic of their own: of what stands on the others it would get a few kinds alone, now
    these, now those.
    """
    await servers.empty()
    made = list(lives.lives(events))
    topic = await servers.make_topic("bench.naive")
    await servers.put([one._replace(topic=topic) for one in made])
    found = await rate(servers, "one by one", topic=topic, events=events, inbox=inbox)
    await prove(servers, PROJECTIONS[WITHOUT_TIMELINE], made)
    return found


async def prove(servers: Servers, projections: Sequence[Projection], made: Sequence[Made]) -> None:
    """A fold looks at topic, headers and value alone."""
    database, records = servers.databases[SERVICE.name], cast(Sequence[Record], made)
    async with database.asyncpg_transaction() as connection:
        found = await rows(connection, projections)
    await servers.empty()
    async with database.asyncpg_transaction() as connection:
        await BatchFolder(projections, refuse).apply(connection, records)
        wanted = await rows(connection, projections)
    assert any(wanted.values()), "nothing was folded"
    differing = [table for table in wanted if found[table] != wanted[table]]
    assert not differing, f"not the same work: {differing}"


async def rows(connection: Connection, projections: Sequence[Projection]) -> dict[str, list[str]]:
    tables = [columns.table for columns in tables_of(projections)]
    return {
        table: [
            row["row"] for row in await connection.fetch(f"select t::text as row from {table} t order by 1")
        ]
        for table in tables
    }


async def refuse(connection: Connection, record: Record, error: Exception) -> None:
    raise error


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
    naive = partial(naively, servers, servers.sized(NAIVE_EVENTS))
    contestants: dict[str, Contestant] = {  # who is held against whom stand close together
        "bare read": partial(rate, servers, "bare", rarely=False),
        CASES_AND_TILES: partial(fold, servers, CASES_AND_TILES),
        **peers,
        "bare read, uncollected": partial(rate, servers, "bare"),
        WITHOUT_TIMELINE: partial(fold, servers, WITHOUT_TIMELINE),
        "naive": partial(naive, inbox=True),
        "naive, no inbox": partial(naive, inbox=False),
        ALL: partial(fold, servers, ALL),
    }
    found = await alternating(contestants, rounds, servers.say)
    ours = CASES_AND_TILES
    yield Figure(f"projector, {ours} / bare read", *found.pair(ours, "bare read"), "events/s", ">= 0.3")
    pair = found.pair(ours, "bare read, uncollected")
    yield Figure(f"projector, {ours} / bare read, uncollected", *pair, "events/s")
    for others in (WITHOUT_TIMELINE, ALL):
        yield Figure(f"projector, {others} / bare read", *found.pair(others, "bare read"), "events/s")
    for kept, goal in ((ours, ">= 3"), ("cases alone", "")):
        pair = found.pair(ours, f"Quix, {kept}")
        yield Figure(f"projector / Quix Streams, {kept}", *pair, "events/s", goal, missing)
    yield Figure("projector / the naive way", *found.pair(WITHOUT_TIMELINE, "naive"), "events/s", ">= 50")
    pair = found.pair(WITHOUT_TIMELINE, "naive, no inbox")
    yield Figure("projector / the naive way, not deduplicated", *pair, "events/s")
