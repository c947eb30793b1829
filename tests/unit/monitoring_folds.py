"""Folding events into the board's projections as the projector does, in memory or in Postgres."""

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

ALL_PROJECTIONS: Any = PROJECTIONS  # of several kinds

TOPIC_BY_TYPE = {
    event.type(): event.topic for projection in ALL_PROJECTIONS for event in projection.subscribes_to
}


def decode_events(events: Iterable[Event]) -> list[DecodedEvent]:
    """Return events as the projector decodes them: numbered by subject, recorded in this order."""
    numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
    return [decode_event(event, position, numbers) for position, event in enumerate(events)]


def decode_event(event: Event, position: int, numbers: dict[tuple[str, str], int]) -> DecodedEvent:
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


def fold_all(events: Sequence[DecodedEvent]) -> dict[str, Any]:
    """Fold every projection of the board in memory, event by event."""
    return {projection.name: fold_projection(projection, events) for projection in ALL_PROJECTIONS}


def fold_projection(projection: Any, events: Sequence[DecodedEvent]) -> Any:
    """Return rows by key, sums by key, or a list of rows."""
    collectors = projection.collectors()
    for event in events:
        for collector in collectors:
            if event.type in collector.by_type:
                fold_into(collector, event)
    if isinstance(projection, RowProjection):
        return merge_topics(projection, collectors)
    [collector] = collectors
    for name in ("amounts", "first"):
        if hasattr(collector, name):
            return getattr(collector, name)
    return sorted(collector.rows, key=orjson.dumps)


def fold_into(collector: Any, event: DecodedEvent) -> None:
    if isinstance(collector, RowCollector):
        collector.add_missing([event])
    collector.collect([event])


def merge_topics(projection: RowProjection, collectors: Sequence[RowCollector]) -> dict[Any, dict[str, Any]]:
    """Return each row with the columns of all its topics."""
    blank = dict.fromkeys(sql_of(projection.table).names)
    rows: defaultdict[Any, dict[str, Any]] = defaultdict(lambda: dict(blank))
    for collector in collectors:
        for key in collector.previous:
            rows[key] |= collector.states[key]
    return dict(rows)


def interleave(events: Sequence[DecodedEvent], seed: int) -> list[DecodedEvent]:
    """Return the events in another order of arrival: each subject of each topic keeps its own order."""
    queues: defaultdict[tuple[str, str], list[DecodedEvent]] = defaultdict(list)
    for event in events:
        queues[TOPIC_BY_TYPE[event.type], event.subject].append(event)
    turns = [key for key, queue in queues.items() for _ in queue]
    Random(seed).shuffle(turns)
    return [queues[key].pop(0) for key in turns]


ADVANCE_OFFSET = """
    insert into projection_offset as o (topic, partition, next) values ('histories', 0, $1)
    on conflict (topic, partition) do update set next = o.next + excluded.next
"""


async def project_events(
    database: Database, events: Sequence[DecodedEvent], batch: int = 7, search_path: str | None = None
) -> None:
    """Fold every projection of the board in Postgres, in small batches; `search_path`: of another generation."""
    collectors = [collector for projection in ALL_PROJECTIONS for collector in projection.collectors()]
    for start in range(0, len(events), batch):
        async with database.batch_transaction(search_path) as connection:
            for collector in collectors:
                part = [event for event in events[start : start + batch] if event.type in collector.by_type]
                await collector.load(connection, part)
                collector.collect(part)
                if changes := collector.drain():
                    await collector.save(connection, changes)
            await connection.execute(ADVANCE_OFFSET, len(events[start : start + batch]))
