"""Rebuild: a new generation folded beside the live one, compared cell by cell, switched to without a gap for readers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import Database
from shared.projections.projection import RowCollector
from shared.projections.projector import Projector
from shared.projections.rebuild import Rebuild, RebuildResult
from tests.builders import a_selection, kafka_record
from tests.databases import Databases, admin, owner_url, reset_generations
from tests.integration import probe_projections
from tests.integration.case_histories import SERVICE, case_history, send_histories, wait_for_count
from tests.system import KafkaSystem, System

pytestmark = pytest.mark.connected


@pytest.fixture
async def generations(tables: None, databases: Databases) -> AsyncIterator[None]:
    """Generation 0, live before and after the test."""
    await reset_generations()
    yield
    await reset_generations()


@pytest.fixture
async def system(
    generations: None, databases: Databases, connected: Settings, topics_emptied: None
) -> AsyncIterator[System]:
    """A running projector."""
    async with KafkaSystem([SERVICE], databases, connected) as system:
        await system.start()
        yield system


async def test_rebuild_finds_altered_and_missing_rows_and_a_switch_repairs_them(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 30)
    await wait_for_live(system, "probe_line", 90)
    assert (await rebuild(connected)).equal

    await execute("update monitoring.probe_rollup set amount_krw = amount_krw + 1 where funder = 'city'")
    await execute(
        "delete from monitoring.probe_line where ctid = (select min(ctid) from monitoring.probe_line)"
    )
    result = await rebuild(connected, switch=True)

    assert {table.table: table.differing for table in result.tables} == {
        "probe_case": 0,
        "probe_rollup": 1,
        "probe_line": 1,
    }
    assert not result.equal
    assert (await rebuild(connected)).equal
    await send_histories(connected, 5)
    await wait_for_live(system, "probe_line", 105)
    assert (await rebuild(connected)).equal


async def test_outcome_of_a_comparison_is_stored(system: System, connected: Settings) -> None:
    await send_histories(connected, 3)
    await wait_for_live(system, "probe_line", 9)
    await execute("update monitoring.probe_rollup set amount_krw = amount_krw + 1 where funder = 'city'")

    await rebuild(connected)

    [outcome] = await system.rows("monitoring", "rebuild_verdict")
    assert (outcome["equal"], outcome["differing"], outcome["live_version"]) == (
        False,
        {"probe_rollup": 1},
        1,
    )
    assert outcome["records"] >= 9


async def test_a_switch_makes_the_running_projector_discard_its_states(
    system: System, connected: Settings
) -> None:
    [(_, selected), (_, agreed), _] = case_history()
    await system.send(**kafka_record(selected, 1))
    await wait_for_live(system, "probe_line", 1)
    for state in states_of(system):
        state["rank"] = 99  # as an older fold would have left it

    await rebuild(connected, switch=True)
    await system.send(**kafka_record(agreed, 2))
    await wait_for_live(system, "probe_line", 2)

    async with system.databases["monitoring"].snapshot() as snapshot:
        [case] = await snapshot.fetch("select rank, agreed_krw from probe_case")
    assert (case["rank"], case["agreed_krw"]) == (3, 100)


async def test_a_reader_sees_the_old_rows_until_the_switch_and_the_new_ones_after(
    system: System, connected: Settings
) -> None:
    """With a swap by TRUNCATE, or by renaming tables, the reader that began before would see no rows at all."""
    await send_histories(connected, 4)
    await wait_for_live(system, "probe_line", 12)
    await execute("update monitoring.probe_case set rank = 99")
    database = system.databases["monitoring"]

    async with database.snapshot() as before:
        assert await ranks(before) == {99}
        await rebuild(connected, switch=True)
        async with database.snapshot() as after:
            assert await ranks(after) == {3}
        assert await ranks(before) == {99}
        assert len(await before.fetch("select from probe_line")) == 12


async def test_a_reader_keeps_its_rows_over_two_switches_in_a_row(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 4)
    await wait_for_live(system, "probe_line", 12)
    database = system.databases["monitoring"]

    async with database.snapshot() as before:
        await before.fetch("select from live_projection")
        await rebuild(connected, switch=True)
        await rebuild(connected, switch=True)

        assert len(await before.fetch("select from probe_line")) == 12


async def test_readers_never_fail_wait_or_see_nothing_during_a_switch(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 40)
    await wait_for_live(system, "probe_line", 120)
    database, counts, slowest = system.databases["monitoring"], set[int](), 0.0
    clock = asyncio.get_running_loop().time
    switching = asyncio.create_task(rebuild(connected, switch=True))

    while not switching.done():
        began = clock()
        async with database.snapshot() as snapshot:
            counts.add(len(await snapshot.fetch("select from probe_line")))
        slowest = max(slowest, clock() - began)
        await asyncio.sleep(0)
    await switching

    assert counts == {120}
    assert slowest < 2.0


async def test_folds_of_a_new_version_are_switched_to_and_the_old_projector_stops(
    system: System, connected: Settings, databases: Databases
) -> None:
    await send_histories(connected, 2)
    await wait_for_live(system, "probe_line", 6)
    old = system.projectors["monitoring"]

    assert not await is_outdated(connected, version=1)
    assert await is_outdated(connected, version=2)
    await rebuild(connected, switch=True, version=2)
    assert not await is_outdated(connected, version=2)
    await send_histories(connected, 1)
    await wait_until_unready(old)

    assert "version 2, this process has 1" in str(old.health.problem())
    assert await live_count(databases["monitoring"], "probe_line") == 6
    old.version = 2
    await wait_for_live(system, "probe_line", 9)


def states_of(system: System) -> list[dict[str, Any]]:
    """Return the states that the running projector holds in memory."""
    collectors: list[Any] = list(system.projectors["monitoring"].folder.collectors)
    states = [
        state
        for collector in collectors
        if isinstance(collector, RowCollector)
        for state in collector.states.values()
    ]
    assert states
    return states


async def test_rebuild_skips_the_record_that_the_projector_dead_lettered(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 5)
    await system.send(**kafka_record(a_selection()) | {"value": b'{"occurred_on": "2024-07-01"}'})
    await send_histories(connected, 5)
    await wait_for_live(system, "probe_line", 30)
    await wait_for_count(system, "dead_letter", 1)

    result = await rebuild(connected)

    assert result.equal
    assert result.dead_letters == 1


async def test_the_new_generation_is_logged_and_has_the_readers_indexes_and_rights(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 5)
    await wait_for_live(system, "probe_line", 15)
    await execute("create index probe_line_for_readers on monitoring.probe_line (id)")
    await execute("alter table monitoring.probe_case set (fillfactor = 70)")

    await rebuild(connected, switch=True)

    connection = await admin()
    indexes = await connection.fetch("select indexname from pg_indexes where schemaname = 'monitoring_g1'")
    tables = await connection.fetch(
        "select relname, relpersistence, reloptions from pg_class where relnamespace = 'monitoring_g1'::regnamespace and relkind = 'r'"
    )
    await connection.close()
    assert {row["indexname"] for row in indexes} == {
        "probe_case_pkey",
        "probe_rollup_pkey",
        "probe_line_pkey",
        "probe_line_for_readers",
        "projection_offset_pkey",
        "projection_watermark_pkey",
    }
    assert {row["relpersistence"] for row in tables} == {b"p"}
    assert {row["relname"]: row["reloptions"] for row in tables}["probe_case"] == ["fillfactor=70"]
    await execute(
        "drop index monitoring.probe_line_for_readers; alter table monitoring.probe_case reset (fillfactor)"
    )


async def test_two_rebuilds_at_once_do_not_disturb_each_other(system: System, connected: Settings) -> None:
    await send_histories(connected, 20)
    await wait_for_live(system, "probe_line", 60)

    results = await asyncio.gather(rebuild(connected), rebuild(connected))

    assert all(result.equal for result in results)


async def test_a_rebuild_of_nothing_is_not_equal(
    generations: None, databases: Databases, connected: Settings, topics_emptied: None
) -> None:
    assert not await is_outdated(connected, version=2)
    assert not (await rebuild(connected)).equal


async def rebuild(settings: Settings, switch: bool = False, version: int = 1) -> RebuildResult:
    projections = probe_projections.PROJECTIONS
    return await Rebuild("monitoring", owner_url("monitoring"), projections, settings, version).run(switch)


async def is_outdated(settings: Settings, version: int) -> bool:
    projections = probe_projections.PROJECTIONS
    return await Rebuild("monitoring", owner_url("monitoring"), projections, settings, version).is_outdated()


async def execute(sql: str) -> None:
    connection = await admin()
    await connection.execute(sql)
    await connection.close()


async def ranks(reader: Any) -> set[int]:
    return {row["rank"] for row in await reader.fetch("select rank from probe_case")}


async def live_count(database: Database, table: str) -> int:
    async with database.snapshot() as snapshot:
        [row] = await snapshot.fetch(f"select count(*) as n from {table}")
        return int(row["n"])


async def wait_for_live(system: System, table: str, count: int) -> None:
    """Wait until the live generation's table has so many rows. Raises AssertionError after 30 seconds."""
    for _ in range(300):
        if await live_count(system.databases["monitoring"], table) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never {count} rows in {table}")


async def wait_until_unready(projector: Projector) -> None:
    for _ in range(300):
        if "version" in str(projector.health.problem()):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the projector never stops: {projector.health.problem()}")
