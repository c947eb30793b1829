"""The projector's states in memory: discarded with a rolled-back batch, counted where the process dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Connection
from shared.projections.projector import Projector, RecordsByPartition
from tests.builders import kafka_record
from tests.databases import Databases, app_url
from tests.integration.case_histories import SERVICE, case_history
from tests.system import MemorySystem


class FailingDatabase(Database):
    """Database that fails the next transaction which writes a projection, just before its commit."""

    fails = False

    @asynccontextmanager
    async def batch_transaction(self, search_path: str | None = None) -> AsyncIterator[Connection]:
        async with super().batch_transaction(search_path) as connection:
            yield connection
            if self.fails and await connection.fetchval(
                "select exists (select from projection_offset where xmin = pg_current_xact_id_if_assigned()::xid)"
            ):
                self.fails = False
                raise ConnectionError


class Killed(BaseException):
    """Simulated kill -9."""


async def test_a_rolled_back_batch_is_folded_once(
    tables: None, databases: Databases, settings: Settings
) -> None:
    failing = FailingDatabase(app_url("monitoring"), "monitoring")
    async with MemorySystem([SERVICE], {"monitoring": failing}, settings) as system:
        await system.start()
        failing.fails = True
        for number, event in reversed(case_history()):
            await system.send(**kafka_record(event, number))
            await system.run_until_quiescent()

        [case] = await system.rows("monitoring", "probe_case")
    await failing.close()

    assert not failing.fails
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (3, 100, 1)


async def test_records_fetched_while_the_offsets_are_loaded_do_not_overtake_a_rolled_back_batch(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(_, selected), (_, agreed), _] = case_history()
    failing = FailingDatabase(app_url("monitoring"), "monitoring")
    load_offsets = Projector.load_offsets
    async with (
        MemorySystem([SERVICE], {"monitoring": failing}, settings) as system,
        asyncio.TaskGroup() as deliveries,
    ):
        await system.start()

        async def deliver_meanwhile(projector: Projector, *arguments: Any) -> Any:
            monkeypatch.undo()
            await system.send(**kafka_record(agreed, 2))
            deliveries.create_task(system.kafka.deliver())
            await asyncio.sleep(0.05)
            return await load_offsets(projector, *arguments)

        monkeypatch.setattr(Projector, "load_offsets", deliver_meanwhile)
        failing.fails = True
        await system.send(**kafka_record(selected, 1))
        await system.run_until_quiescent()

        [case] = await system.rows("monitoring", "probe_case")
    await failing.close()

    assert (case["rank"], case["agreed_krw"]) == (3, 100)


async def test_record_is_delivered_again_when_its_dead_letter_cannot_be_stored(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is unavailable for a moment; a partition that was reassigned meanwhile is the same case."""
    fold_and_write, store_dead_letter = Projector.fold_and_write, Projector.store_dead_letter
    refusals = list[int]()

    async def refuse_the_first_record(projector: Projector, batch: RecordsByPartition) -> None:
        records = [record for group in batch.values() for record in group]
        if any((record.topic, record.offset) == ("ieum.applications", 0) for record in records):
            raise ValueError("cannot be written")
        await fold_and_write(projector, batch)

    async def fail_once(projector: Projector, *arguments: Any) -> None:
        refusals.append(projector.failures)
        if len(refusals) == 1:
            raise ConnectionError
        await store_dead_letter(projector, *arguments)

    monkeypatch.setattr(Projector, "fold_and_write", refuse_the_first_record)
    monkeypatch.setattr(Projector, "store_dead_letter", fail_once)
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        for number, event in case_history():
            await system.send(**kafka_record(event, number))
        await system.run_until_quiescent()

        [dead_letter] = await system.rows("monitoring", "dead_letter")
        [case] = await system.rows("monitoring", "probe_case")
        attempts = await system.rows("monitoring", "attempt", "count > 0")
    assert (dead_letter["topic"], dead_letter["offset"], len(refusals)) == ("ieum.applications", 0, 2)
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (None, 100, 1)
    assert attempts == []


async def test_poison_record_of_the_projector_is_dead_lettered_and_the_fold_goes_on(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold_and_write, starts = Projector.fold_and_write, 1

    async def die_at_the_first_record(projector: Projector, batch: RecordsByPartition) -> None:
        records = [record for group in batch.values() for record in group]
        if any((record.topic, record.offset) == ("ieum.applications", 0) for record in records):
            raise Killed
        await fold_and_write(projector, batch)

    monkeypatch.setattr(Projector, "fold_and_write", die_at_the_first_record)
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        for number, event in case_history():
            await system.send(**kafka_record(event, number))
        while True:
            try:
                await system.run_until_quiescent()
                break
            except Killed:
                starts += 1
                assert starts < 10, "the crash loop never ends"
                await system.restart()

        [dead_letter] = await system.rows("monitoring", "dead_letter")
        [case] = await system.rows("monitoring", "probe_case")
    assert (dead_letter["consumer"], dead_letter["topic"], dead_letter["offset"]) == (
        "projector",
        "ieum.applications",
        0,
    )
    assert "the process ended 3 times in its handling" in dead_letter["reason"]
    assert starts == 5
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (None, 100, 1)


async def test_states_beyond_the_memory_limit_are_loaded_again(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.projections.projection.MAX_STATES", 0)
    monkeypatch.setattr("shared.projections.watermarks.MAX_SUBJECTS", 0)
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        for number, event in case_history()[:2]:
            await system.send(**kafka_record(event, number))
            await system.kafka.deliver()
        await system.run_until_quiescent()

        [case] = await system.rows("monitoring", "probe_case")
        [watermark] = await system.rows("monitoring", "projection_watermark")

    assert (case["rank"], case["agreed_krw"]) == (3, 100)
    assert (watermark["contiguous"], watermark["beyond_gap"]) == (2, [])
