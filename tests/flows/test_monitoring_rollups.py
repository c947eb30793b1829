"""Tiles on real Postgres: they are the sum over the rows as they stand, however the facts came."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from importlib import import_module
from random import Random
from typing import Any

import pytest

from services.monitoring.figures.queries import ON_THE_DAY
from services.monitoring.projections import cases, visits
from services.monitoring.projections.case_tiles import ABOUT_TO_DAYS, TILES
from shared.database.engine import Connection, Database
from shared.events import Event
from shared.projections.projection import Collector, DecodedEvent
from tests.databases import Databases, admin, until_they_wait
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
from tests.unit.monitoring_folds import facts, interleaved, project

COUNTED = [*(one.name for one in TILES), visits.PROJECTION.rollup.name]
BY_CASES = f"""
    select programme_id, year_from, year_to, coalesce(track, '') as track, round_id is null as recorded,
        count(*) filter (where is_applied) as applied,
        count(*) filter (where is_waiting) as reserved,
        count(*) filter (where is_held) as selected,
        count(*) filter (where is_held and is_agreed) as agreed,
        count(*) filter (where is_lost) as abandoned,
        count(*) filter (where is_held and is_completed) as completed,
        count(*) filter (where is_held and not is_completed and is_due) as about_to,
        coalesce(sum(self_krw) filter (where is_held and is_agreed), 0)::bigint as own_krw
    from ({ON_THE_DAY} where programme_id is not null) c
    where $1::text is not null and (is_applied or is_held) group by 1, 2, 3, 4, 5
"""
BY_TILES = """
    select programme_id, year_from, year_to, track, recorded, sum(applied) as applied, sum(reserved) as reserved,
        sum(selected) as selected, sum(agreed) as agreed, sum(abandoned) as abandoned, sum(completed) as completed,
        sum(about_to) as about_to, sum(own_krw)::bigint as own_krw
    from case_tile where occurred_on <= $1::date group by 1, 2, 3, 4, 5
    having sum(applied) <> 0 or sum(selected) <> 0
"""


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["monitoring"]


def many_cases(seed: int) -> list[Event]:
    """Cases whose dates are anyhow: entered late, corrected, completed before they are agreed, or never."""
    chance = Random(seed)

    def day() -> str:
        return (date(2024, 1, 1) + timedelta(chance.randrange(200))).isoformat()

    events: list[Event] = [
        recorded("R", (2023, 2024), "completed"),
        recorded("S", (2024, 2024), "in_progress"),
    ]
    for number in range(40):
        name = f"case {number}"
        life = [
            applied(name, chance.choice(["JS1", "JS2"]), chance.choice(["52130", "52140"]), day()),
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
        events += [one for one in life if chance.random() < 0.7]
    return events


async def rows(connection: Connection, statement: str, *given: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in await connection.fetch(statement, *given))


async def tiles(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.asyncpg_transaction() as connection:
        return {name: await rows(connection, f"select * from {name}") for name in COUNTED}


@pytest.mark.parametrize("seed", range(3))
async def test_counts_by_tiles_are_those_of_the_cases_on_every_day(database: Database, seed: int) -> None:
    await project(database, interleaved(facts(many_cases(seed)), seed), batch=11)

    async with database.asyncpg_transaction() as connection:
        for number in range(-40, 240, 3):
            on = date(2024, 1, 1) + timedelta(number)
            by_cases = await rows(connection, BY_CASES, "", on, ABOUT_TO_DAYS)
            assert await rows(connection, BY_TILES, on) == by_cases, on


async def test_the_same_facts_leave_the_same_tiles_in_whatever_batches_they_came(
    database: Database, databases: Databases
) -> None:
    told = facts(many_cases(7))
    await project(database, told, batch=len(told))
    at_once = await tiles(database)
    await forget_all()

    await project(database, interleaved(told, 3), batch=1)

    assert await tiles(database) == at_once
    assert all(at_once.values())


async def forget_all() -> None:
    connection = await admin()
    try:
        present = ", ".join(
            f"monitoring.{name}" for name in (*COUNTED, "case_row", "visited_row", "timeline")
        )
        await connection.execute(f"truncate {present}")
    finally:
        await connection.close()


async def fold(connection: Connection, collector: Collector, told: Sequence[DecodedEvent]) -> None:
    await collector.load(connection, told)
    collector.collect(told)
    await collector.save(connection, collector.drain())


async def test_two_who_fold_two_topics_of_a_case_at_once_count_it_once(database: Database) -> None:
    of_applications, of_monitoring = cases.PROJECTION.collectors()
    begun, done = facts([applied("A"), selected("A")]), facts([achieved("A", "2024-06-01", "2024-06-01")])
    written, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.asyncpg_transaction() as connection:
            await fold(connection, of_applications, begun)
            written.set()
            await go_on.wait()

    async def second() -> None:
        await written.wait()
        async with database.asyncpg_transaction() as connection:
            await fold(connection, of_monitoring, done)

    holding, waiting = asyncio.create_task(first()), asyncio.create_task(second())
    await until_they_wait(waiting)
    go_on.set()
    await asyncio.gather(holding, waiting)

    async with database.asyncpg_transaction() as connection:
        [found] = await rows(connection, "select sum(selected), sum(completed) from case_tile")
    assert found == (1, 1)


async def test_a_visit_that_is_entered_late_moves_the_company_to_its_first_day(database: Database) -> None:
    told = [visited("A", "2024-09-01"), visited("A", "2024-08-01"), visited("A", "2024-10-01")]

    await project(database, facts(told), batch=1)

    async with database.asyncpg_transaction() as connection:
        assert await rows(connection, "select occurred_on, companies from visited_tile") == [
            (date(2024, 8, 1), 1)
        ]


async def test_the_migration_makes_the_tiles_that_the_fold_makes(database: Database) -> None:
    migration = import_module("services.monitoring.migrations.0003_tiles")
    await project(database, facts(many_cases(5)))
    folded = await tiles(database)

    connection = await admin()
    try:
        await connection.execute("set search_path = monitoring")
        await connection.execute(f"truncate visited_row, {', '.join(COUNTED)}")
        await connection.execute(VISITS)
        for statement in migration.CHANGED.split(";\n\n"):
            await connection.execute(statement)
    finally:
        await connection.close()

    assert await tiles(database) == folded


VISITS = """
    create table visit_tile (programme_id varchar, case_id uuid, occurred_on date, visits bigint);
    insert into visit_tile select programme_id, (data ->> 'case_id')::uuid, occurred_on, count(*)
    from timeline where name = 'mentor.visited.v1' group by 1, 2, 3;
"""
