"""Rollups on real Postgres: the sum over the rows as they are, in whatever order events arrived."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from importlib import import_module
from random import Random
from typing import Any

import pytest

from services.monitoring.projections import cases, visits
from services.monitoring.projections.case_rollups import ROLLUPS
from services.monitoring.projections.case_states import AGREED, APPLIED, COUNTS, HOLDS_AWARD
from shared.database.engine import Database
from shared.database.transaction import Connection
from shared.events import Event
from shared.projections.projection import Collector, DecodedEvent
from tests.databases import Databases, admin, until_blocked
from tests.unit.monitoring_builders import (
    abandoned,
    achieved,
    agreed,
    applied,
    recorded,
    reserved,
    scheduled,
    selected,
    visited,
)
from tests.unit.monitoring_folds import decode_events, interleave, project_events

ROLLUP_TABLES = [*(rollup.name for rollup in ROLLUPS), visits.PROJECTION.rollup.name]
DAY = "$1::date"
COUNTED = "".join(
    f"count(*) filter (where {condition.sql(DAY)}) as {name},\n" for name, condition in COUNTS.items()
)
BY_CASES = f"""
    select programme_id, year_from, year_to, coalesce(track, '') as track, round_id is null as recorded,
        {COUNTED} coalesce(sum(self_krw) filter (where {AGREED.sql(DAY)}), 0)::bigint as self_krw
    from case_row c
    where programme_id is not null and ({APPLIED.sql(DAY)} or {HOLDS_AWARD.sql(DAY)}) group by 1, 2, 3, 4, 5
"""
BY_ROLLUPS = """
    select programme_id, year_from, year_to, track, recorded, sum(applied) as applied, sum(reserved) as reserved,
        sum(selected) as selected, sum(agreed) as agreed, sum(abandoned) as abandoned, sum(completed) as completed,
        sum(about_to) as about_to, sum(self_krw)::bigint as self_krw
    from case_rollup where occurred_on <= $1::date group by 1, 2, 3, 4, 5
    having sum(applied) <> 0 or sum(selected) <> 0
"""


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["monitoring"]


def random_histories(seed: int) -> list[Event]:
    """Return events of cases with random dates: entered late, corrected, completed before the agreement, or never."""
    random = Random(seed)

    def day() -> str:
        return (date(2024, 1, 1) + timedelta(random.randrange(200))).isoformat()

    events: list[Event] = [
        recorded("R", (2023, 2024), "completed"),
        recorded("S", (2024, 2024), "in_progress"),
    ]
    for number in range(40):
        name = f"case {number}"
        history = [
            applied(name, random.choice(["JS1", "JS2"]), random.choice(["52130", "52140"]), day()),
            reserved(name, day()),
            selected(name, day()),
            agreed(name, day()),
            agreed(name, day(), 50_000_000),
            abandoned(name, day()),
            scheduled(name, day()),
            scheduled(name, day()),
            achieved(name, day(), day()),
            visited(name, day()),
            visited(name, day()),
        ]
        events += [event for event in history if random.random() < 0.7]
    return events


async def rows(connection: Connection, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in await connection.fetch(statement, *arguments))


async def rollups(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.batch_transaction() as connection:
        return {name: await rows(connection, f"select * from {name}") for name in ROLLUP_TABLES}


@pytest.mark.parametrize("seed", range(3))
async def test_counts_by_rollups_equal_counts_by_cases_on_every_day(database: Database, seed: int) -> None:
    await project_events(database, interleave(decode_events(random_histories(seed)), seed), batch=11)

    async with database.batch_transaction() as connection:
        for number in range(-40, 240, 3):
            on = date(2024, 1, 1) + timedelta(number)
            by_cases = await rows(connection, BY_CASES, on)
            assert await rows(connection, BY_ROLLUPS, on) == by_cases, on


async def test_the_same_events_give_the_same_rollups_in_any_batches(
    database: Database, databases: Databases
) -> None:
    events = decode_events(random_histories(7))
    await project_events(database, events, batch=len(events))
    at_once = await rollups(database)
    await truncate_projections()

    await project_events(database, interleave(events, 3), batch=1)

    assert await rollups(database) == at_once
    assert all(at_once.values())


async def truncate_projections() -> None:
    connection = await admin()
    try:
        tables = ", ".join(
            f"monitoring.{name}" for name in (*ROLLUP_TABLES, "case_row", "visited_row", "timeline")
        )
        await connection.execute(f"truncate {tables}")
    finally:
        await connection.close()


async def fold(connection: Connection, collector: Collector, events: Sequence[DecodedEvent]) -> None:
    await collector.load(connection, events)
    collector.collect(events)
    await collector.save(connection, collector.drain())


async def test_concurrent_folds_of_two_topics_of_a_case_count_it_once(database: Database) -> None:
    of_applications, of_monitoring = cases.PROJECTION.collectors()
    selection, completion = (
        decode_events([applied("A"), selected("A")]),
        decode_events([achieved("A", "2024-06-01", "2024-06-01")]),
    )
    written, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.batch_transaction() as connection:
            await fold(connection, of_applications, selection)
            written.set()
            await go_on.wait()

    async def second() -> None:
        await written.wait()
        async with database.batch_transaction() as connection:
            await fold(connection, of_monitoring, completion)

    holding, waiting = asyncio.create_task(first()), asyncio.create_task(second())
    await until_blocked(waiting)
    go_on.set()
    await asyncio.gather(holding, waiting)

    async with database.batch_transaction() as connection:
        [counts] = await rows(connection, "select sum(selected), sum(completed) from case_rollup")
    assert counts == (1, 1)


async def test_a_visit_entered_late_moves_the_company_to_its_first_day(database: Database) -> None:
    events = [visited("A", "2024-09-01"), visited("A", "2024-08-01"), visited("A", "2024-10-01")]

    await project_events(database, decode_events(events), batch=1)

    async with database.batch_transaction() as connection:
        assert await rows(connection, "select occurred_on, companies from visited_rollup") == [
            (date(2024, 8, 1), 1)
        ]


async def test_the_migration_gives_the_same_rollups_as_the_fold(database: Database) -> None:
    rollups_by_date = import_module("services.monitoring.migrations.0003_tiles")
    terms = import_module("services.monitoring.migrations.0006_terms")
    await project_events(database, decode_events(random_histories(5)))
    folded = await rollups(database)

    connection = await admin()
    try:
        await connection.execute("set search_path = monitoring")
        await connection.execute(f"truncate visited_row, {', '.join(ROLLUP_TABLES)}")
        async with connection.transaction():
            for statement in (
                *terms.DOWNGRADE,
                VISITS,
                *rollups_by_date.CHANGED.split(";\n\n"),
                *terms.UPGRADE,
            ):
                if "known_case" not in statement:  # a table that migration 7 dropped
                    await connection.execute(statement)
    finally:
        await connection.close()

    assert await rollups(database) == folded


VISITS = """
    create table visit_tile (programme_id varchar, case_id uuid, occurred_on date, visits bigint);
    insert into visit_tile select programme_id, (data ->> 'case_id')::uuid, occurred_on, count(*)
    from timeline where name = 'mentor.visited.v1' group by 1, 2, 3;
"""
