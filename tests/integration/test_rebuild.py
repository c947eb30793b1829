"""A rebuild: every projection once more beside the live one, compared cell by cell, swapped without a gap."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import Connection
from shared.projections.projection import RowCollector
from shared.projections.rebuild import Rebuild, RebuildResult, TableComparison
from shared.projections.upserts import TableSql
from tests.builders import a_selection, kafka_record
from tests.databases import Databases, admin, owner_url
from tests.integration import probe_projections
from tests.integration.case_histories import SERVICE, case_history, send_histories, wait_for_count
from tests.system import KafkaSystem, System

pytestmark = pytest.mark.connected


@pytest.fixture
async def system(
    tables: None, databases: Databases, connected: Settings, topics_emptied: None
) -> AsyncIterator[System]:
    """The projector, running."""
    async with KafkaSystem([SERVICE], databases, connected) as system:
        await system.start()
        yield system


async def test_a_rebuild_finds_what_was_altered_or_is_gone_and_a_swap_mends_it(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 30)
    await wait_for_count(system, "probe_line", 90)
    assert (await rebuilt(connected)).equal

    connection = await admin()
    await connection.execute(
        "update monitoring.probe_rollup set amount_krw = amount_krw + 1 where funder = 'city'"
    )
    await connection.execute(
        "delete from monitoring.probe_line where ctid = (select min(ctid) from monitoring.probe_line)"
    )
    await connection.close()
    found = await rebuilt(connected, swap=True)

    assert {one.table: one.differing for one in found.tables} == {
        "probe_case": 0,
        "probe_rollup": 1,
        "probe_line": 1,
    }
    assert not found.equal
    assert (await rebuilt(connected)).equal
    await send_histories(connected, 5)
    await wait_for_count(system, "probe_line", 105)
    assert (await rebuilt(connected)).equal


async def test_a_swap_makes_the_running_projector_forget_what_it_held_in_memory(
    system: System, connected: Settings
) -> None:
    [(_, selected), (_, agreed), _] = case_history()
    await system.send(**kafka_record(selected, 1))
    await wait_for_count(system, "probe_line", 1)
    for held in states_of(system):
        held["rank"] = 99  # as an older fold would have it

    await rebuilt(connected, swap=True)
    await system.send(**kafka_record(agreed, 2))
    await wait_for_count(system, "probe_line", 2)

    [case] = await system.rows("monitoring", "probe_case")
    assert (case["rank"], case["agreed_krw"]) == (3, 100)


def states_of(system: System) -> list[dict[str, Any]]:
    collectors: list[Any] = list(system.projectors["monitoring"].folder.collectors)
    found = [state for one in collectors if isinstance(one, RowCollector) for state in one.states.values()]
    assert found
    return found


async def test_a_rebuild_passes_over_the_record_that_no_fold_takes_as_the_projector_did(
    system: System, connected: Settings
) -> None:
    await send_histories(connected, 5)
    await system.send(**kafka_record(a_selection()) | {"value": b'{"occurred_on": "2024-07-01"}'})
    await send_histories(connected, 5)
    await wait_for_count(system, "probe_line", 30)
    await wait_for_count(system, "dead_letter", 1)

    found = await rebuilt(connected)

    assert found.equal
    assert found.dead == 1


async def test_only_the_shadow_goes_without_the_indexes_of_readers(
    system: System, connected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its keys; of the live tables' indexes none is lost by a swap."""
    compare, kept = Rebuild.compare, set[str]()
    await send_histories(connected, 5)
    await wait_for_count(system, "probe_line", 15)
    connection = await admin()
    await connection.execute("create index probe_line_for_readers on monitoring.probe_line (id)")

    async def looked(self: Rebuild, live: Connection, columns: TableSql) -> TableComparison:
        kept.update(await indexes(connection, "monitoring_shadow"))
        return await compare(self, live, columns)

    monkeypatch.setattr(Rebuild, "compare", looked)
    before = await indexes(connection, "monitoring")
    assert (await rebuilt(connected, swap=True)).equal

    assert await indexes(connection, "monitoring") == before >= {"probe_line_for_readers"}
    assert kept == {"probe_case_pkey", "probe_rollup_pkey", "probe_line_pkey", "projection_watermark_pkey"}
    await connection.close()


async def indexes(connection: Connection, schema: str) -> set[str]:
    rows = await connection.fetch("select indexname from pg_indexes where schemaname = $1", schema)
    return {row["indexname"] for row in rows}


async def test_two_rebuilds_at_once_do_not_disturb_each_other(system: System, connected: Settings) -> None:
    await send_histories(connected, 20)
    await wait_for_count(system, "probe_line", 60)

    found = await asyncio.gather(rebuilt(connected), rebuilt(connected))

    assert all(one.equal for one in found)


async def test_a_rebuild_of_nothing_is_not_equal(
    tables: None, databases: Databases, connected: Settings, topics_emptied: None
) -> None:
    assert not (await rebuilt(connected)).equal


async def rebuilt(settings: Settings, swap: bool = False) -> RebuildResult:
    return await Rebuild("monitoring", owner_url("monitoring"), probe_projections.PROJECTIONS, settings).run(
        swap
    )
