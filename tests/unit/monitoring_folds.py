"""The board's projections folding events as the projector does, in memory or in Postgres."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from uuid import UUID

import orjson

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.database.engine import Database
from shared.events import Event
from shared.projections.projection import DecodedEvent, RowCollector, RowProjection, sql_of

EVERY: Any = PROJECTIONS  # of several kinds, used alike

TOPIC = {event.type(): event.topic for projection in EVERY for event in projection.hears}


def facts(events: Iterable[Event]) -> list[DecodedEvent]:
    """As the projector would read them: numbered by subject, recorded in this order."""
    numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
    return [fact(event, position, numbers) for position, event in enumerate(events)]


def fact(event: Event, position: int, numbers: dict[tuple[str, str], int]) -> DecodedEvent:
    numbers[event.source, event.subject] += 1
    return DecodedEvent(
        event.type(),
        event.source,
        str(UUID(int=position + 1)),
        event.subject,
        numbers[event.source, event.subject],
        event.occurred_on.isoformat(),
        f"2025-01-20T00:{position // 60 % 60:02}:{position % 60:02}.000Z",
        orjson.loads(event.model_dump_json(exclude_none=True)),
        "officer-1",
    )


def folded(facts: Sequence[DecodedEvent]) -> dict[str, Any]:
    """Every projection of the board in memory, fact by fact."""
    return {projection.name: fold_one(projection, facts) for projection in EVERY}


def fold_one(projection: Any, facts: Sequence[DecodedEvent]) -> Any:
    """Rows by key, sums by key, or a list of rows."""
    collectors = projection.collectors()
    for one in facts:
        for collector in collectors:
            if one.type in collector.by_type:
                fold_into(collector, one)
    if isinstance(projection, RowProjection):
        return merged(projection, collectors)
    [collector] = collectors
    for name in ("amounts", "first"):
        if hasattr(collector, name):
            return getattr(collector, name)
    return sorted(collector.rows, key=orjson.dumps)


def fold_into(collector: Any, one: DecodedEvent) -> None:
    if isinstance(collector, RowCollector):
        collector.add_missing([one])
    collector.collect([one])


def merged(projection: RowProjection, collectors: Sequence[RowCollector]) -> dict[Any, dict[str, Any]]:
    """Each row with the columns of all its topics."""
    blank = dict.fromkeys(sql_of(projection.table).names)
    rows: defaultdict[Any, dict[str, Any]] = defaultdict(lambda: dict(blank))
    for collector in collectors:
        for key in collector.previous:
            rows[key] |= collector.states[key]
    return dict(rows)


def interleaved(given: Sequence[DecodedEvent], seed: int) -> list[DecodedEvent]:
    """Another merge of the topics' partitions: each subject of each topic keeps its own order."""
    queues: defaultdict[tuple[str, str], list[DecodedEvent]] = defaultdict(list)
    for one in given:
        queues[TOPIC[one.type], one.subject].append(one)
    turns = [key for key, queue in queues.items() for _ in queue]
    Random(seed).shuffle(turns)
    return [queues[key].pop(0) for key in turns]


MOVED = """
    insert into projection_offset as o (topic, partition, next) values ('stories', 0, $1)
    on conflict (topic, partition) do update set next = o.next + excluded.next
"""


async def project(database: Database, facts: Sequence[DecodedEvent], batch: int = 7) -> None:
    """Every projection of the board in Postgres, in small batches."""
    collectors = [collector for projection in EVERY for collector in projection.collectors()]
    for start in range(0, len(facts), batch):
        async with database.asyncpg_transaction() as connection:
            for collector in collectors:
                part = [one for one in facts[start : start + batch] if one.type in collector.by_type]
                await collector.load(connection, part)
                collector.take(part)
                if given := collector.hand_over():
                    await collector.save(connection, given)
            await connection.execute(MOVED, len(facts[start : start + batch]))
