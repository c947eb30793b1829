"""The projector (real folds, deduplicated, one transaction a batch) against a loop that only reads, and its peers."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import cast

from services.monitoring.main import SERVICE
from shared.database.transaction import Connection
from shared.messaging.kafka import Record
from shared.projections.batch import BatchFolder
from shared.projections.projection import Projection, tables_of
from tests.bench import event_generator, quix
from tests.bench.event_generator import GeneratedRecord
from tests.bench.figure import Contestant, Figure, measure_alternately
from tests.bench.peers import PeerMissing
from tests.bench.projector_process import ALL, CASES_AND_ROLLUPS, PROJECTIONS, WITHOUT_TIMELINE, measure
from tests.bench.servers import Servers

EVENTS, NAIVE_EVENTS = 300_000, 10_000


async def fold(servers: Servers, projections: str) -> float:
    await servers.delete_all_rows()
    return await measure(servers, "fold", projections=projections)


async def naive(servers: Servers, events: int, *, inbox: bool) -> float:
    """Return the naive projector's rate, after a check that its rows equal the product's for the same events.

    The events are whole cases on a topic of their own: a few thousand from the product's topics would be of few types.
    """
    await servers.delete_all_rows()
    records = list(event_generator.generate_records(events))
    topic = await servers.make_topic("bench.naive")
    await servers.produce([record._replace(topic=topic) for record in records])
    rate = await measure(servers, "one by one", topic=topic, events=events, inbox=inbox)
    await check_same_rows(servers, PROJECTIONS[WITHOUT_TIMELINE], records)
    return rate


async def check_same_rows(
    servers: Servers, projections: Sequence[Projection], generated: Sequence[GeneratedRecord]
) -> None:
    """Fold the records with the product and compare all rows. The cast is safe: folds use topic, headers and value."""
    database, records = servers.databases[SERVICE.name], cast(Sequence[Record], generated)
    async with database.batch_transaction() as connection:
        actual = await rows(connection, projections)
    await servers.delete_all_rows()
    async with database.batch_transaction() as connection:
        await BatchFolder(projections, reraise).apply(connection, records)
        expected = await rows(connection, projections)
    assert any(expected.values()), "nothing was folded"
    differing = [table for table in expected if actual[table] != expected[table]]
    assert not differing, f"not the same work: {differing}"


async def rows(connection: Connection, projections: Sequence[Projection]) -> dict[str, list[str]]:
    tables = [columns.table for columns in tables_of(projections)]
    return {
        table: [
            row["row"] for row in await connection.fetch(f"select t::text as row from {table} t order by 1")
        ]
        for table in tables
    }


async def reraise(connection: Connection, record: Record, error: Exception) -> None:
    raise error


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    await servers.fill(servers.sized(EVENTS))
    peers, missing = dict[str, Contestant](), ""
    try:
        quix.require_installed()
        sums = await quix.expected_sums(servers)
        peers[f"Quix, {CASES_AND_ROLLUPS}"] = partial(quix.run, servers, sums, rollups=True)
        peers["Quix, cases alone"] = partial(quix.run, servers, sums, rollups=False)
    except PeerMissing as reason:
        missing = str(reason)
    run_naive = partial(naive, servers, servers.sized(NAIVE_EVENTS))
    contestants: dict[str, Contestant] = {  # contestants that are compared run one after the other
        "bare read": partial(measure, servers, "bare", tuned_gc=False),
        CASES_AND_ROLLUPS: partial(fold, servers, CASES_AND_ROLLUPS),
        **peers,
        "bare read, uncollected": partial(measure, servers, "bare"),
        WITHOUT_TIMELINE: partial(fold, servers, WITHOUT_TIMELINE),
        "naive": partial(run_naive, inbox=True),
        "naive, no inbox": partial(run_naive, inbox=False),
        ALL: partial(fold, servers, ALL),
    }
    measured = await measure_alternately(contestants, rounds, servers.progress)
    pair = measured.median_pair(CASES_AND_ROLLUPS, "bare read")
    yield Figure(f"projector, {CASES_AND_ROLLUPS} / bare read", *pair, "events/s", ">= 0.22")
    pair = measured.median_pair(CASES_AND_ROLLUPS, "bare read, uncollected")
    yield Figure(f"projector, {CASES_AND_ROLLUPS} / bare read, uncollected", *pair, "events/s")
    for name in (WITHOUT_TIMELINE, ALL):
        pair = measured.median_pair(name, "bare read")
        yield Figure(f"projector, {name} / bare read", *pair, "events/s")
    for name, goal in ((CASES_AND_ROLLUPS, ">= 2.2"), ("cases alone", "")):
        pair = measured.median_pair(CASES_AND_ROLLUPS, f"Quix, {name}")
        yield Figure(f"projector / Quix Streams, {name}", *pair, "events/s", goal, missing)
    pair = measured.median_pair(WITHOUT_TIMELINE, "naive")
    yield Figure("projector / the naive way", *pair, "events/s", ">= 30")
    pair = measured.median_pair(WITHOUT_TIMELINE, "naive, no inbox")
    yield Figure("projector / the naive way, not deduplicated", *pair, "events/s")
