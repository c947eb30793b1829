"""The board's projections folding events as the projector does, in memory or in Postgres."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from uuid import UUID

import orjson

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.db import Database
from shared.delivery.projection import Fact, RowProjection
from shared.events import Event

EVERY: Any = PROJECTIONS  # of three kinds, used alike

TOPIC = {event.type(): event.topic for projection in EVERY for event in projection.hears}


def facts(events: Iterable[Event]) -> list[Fact]:
    """As the projector would read them: numbered by subject, recorded in this order."""
    numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
    return [fact(event, position, numbers) for position, event in enumerate(events)]


def fact(event: Event, position: int, numbers: dict[tuple[str, str], int]) -> Fact:
    numbers[event.source, event.subject] += 1
    return Fact(
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


def folded(facts: Sequence[Fact]) -> dict[str, Any]:
    """Every projection of the board in memory, fact by fact."""
    return {projection.name: fold_one(projection, facts) for projection in EVERY}


def fold_one(projection: Any, facts: Sequence[Fact]) -> Any:
    collected: Any = {}
    if isinstance(projection, RowProjection):
        collected = blank_rows(projection, facts)
    elif hasattr(projection, "rows"):
        collected = []
    for one in facts:
        projection.take(collected, projection.fold(collected, one))
    return sorted(collected, key=orjson.dumps) if isinstance(collected, list) else collected


def blank_rows(projection: RowProjection, facts: Sequence[Fact]) -> dict[Any, dict[str, Any]]:
    keys = {projection.key(one) for one in facts if one.type in projection.by_type}
    names = [column.name for column in projection.columns.key]
    rest = dict.fromkeys([column.name for column in projection.columns.rest])
    return {key: dict(zip(names, key, strict=True)) | rest for key in keys}


def interleaved(given: Sequence[Fact], seed: int) -> list[Fact]:
    """Another merge of the topics' partitions: each subject of each topic keeps its own order."""
    queues: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for one in given:
        queues[TOPIC[one.type], one.subject].append(one)
    turns = [key for key, queue in queues.items() for _ in queue]
    Random(seed).shuffle(turns)
    return [queues[key].pop(0) for key in turns]


async def project(database: Database, facts: Sequence[Fact], batch: int = 7) -> None:
    """Every projection of the board in Postgres, in small batches."""
    for start in range(0, len(facts), batch):
        part = facts[start : start + batch]
        async with database.fast_transaction() as connection:
            collected = [await projection.load(connection, part) for projection in EVERY]
            for one in part:
                for projection, rows in zip(EVERY, collected, strict=True):
                    projection.take(rows, projection.fold(rows, one))
            for projection, rows in zip(EVERY, collected, strict=True):
                await projection.save(connection, rows)
