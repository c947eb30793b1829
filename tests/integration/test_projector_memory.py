"""The projector's memory and the database: what is rolled back comes again, what is being written is remembered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import BeginTransaction, Database
from shared.projections.projector import Batch, Projector
from tests.builders import sealed
from tests.databases import Databases, app_url
from tests.integration.stories import SERVICE, a_story
from tests.system import MemorySystem


class FailingDatabase(Database):
    """The next transaction that writes something fails at its very end."""

    fails = False

    @asynccontextmanager
    async def fast_transaction(self, begun: BeginTransaction | None = None) -> AsyncIterator[Any]:
        async with super().asyncpg_transaction(begun) as connection:
            yield connection
            if self.fails and await connection.fetchval(
                "select pg_current_xact_id_if_assigned() is not null"
            ):
                self.fails = False
                raise ConnectionError


async def test_what_was_rolled_back_is_folded_once(
    tables: None, databases: Databases, settings: Settings
) -> None:
    """What a batch left in memory goes with it."""
    failing = FailingDatabase(app_url("monitoring"), "monitoring")
    async with MemorySystem([SERVICE], {"monitoring": failing}, settings) as system:
        await system.start()
        failing.fails = True
        for number, event in reversed(a_story()):
            await system.send(**sealed(event, number))
            await system.settle()

        [case] = await system.rows("monitoring", "probe_case")
    await failing.close()

    assert not failing.fails
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (3, 100, 1)


async def test_what_was_folded_while_the_batch_before_failed_is_folded_again(
    tables: None, databases: Databases, settings: Settings
) -> None:
    """The second batch stands on the first one's states: it goes with it."""
    failing = FailingDatabase(app_url("monitoring"), "monitoring")
    async with MemorySystem([SERVICE], {"monitoring": failing}, settings) as system:
        await system.start()
        for number, event in a_story()[:2]:
            failing.fails = number == 1
            await system.send(**sealed(event, number))
            await system.kafka.deliver()
        await system.settle()

        [case] = await system.rows("monitoring", "probe_case")
        [mark] = await system.rows("monitoring", "projection_mark")
    await failing.close()

    assert (case["rank"], case["agreed_krw"]) == (3, 100)
    assert (mark["last"], mark["ahead"]) == (2, [])


async def test_what_comes_while_the_database_is_asked_again_does_not_overtake_what_was_rolled_back(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(_, selected), (_, agreed), _] = a_story()
    failing, stored = FailingDatabase(app_url("monitoring"), "monitoring"), Projector.load_offsets
    async with (
        MemorySystem([SERVICE], {"monitoring": failing}, settings) as system,
        asyncio.TaskGroup() as later,
    ):
        await system.start()

        async def asked(projector: Projector, *given: Any) -> Any:
            monkeypatch.undo()
            await system.send(**sealed(agreed, 2))
            later.create_task(system.kafka.deliver())
            await asyncio.sleep(0.05)
            return await stored(projector, *given)

        monkeypatch.setattr(Projector, "stored", asked)
        failing.fails = True
        await system.send(**sealed(selected, 1))
        await system.settle()

        [case] = await system.rows("monitoring", "probe_case")
    await failing.close()

    assert (case["rank"], case["agreed_krw"]) == (3, 100)


async def test_a_record_whose_dead_letter_cannot_be_written_comes_again(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the database is away for a moment; a partition that another owns by now is the same."""
    save, bury, refused = Projector.save, Projector.store_dead_letter, list[int]()

    async def save_all_but_the_first(projector: Projector, turn: Batch) -> None:
        if any((record.topic, record.offset) == ("ieum.applications", 0) for record in turn.records):
            raise ValueError("it cannot be written")
        await save(projector, turn)

    async def bury_the_second_time(projector: Projector, *given: Any) -> None:
        refused.append(projector.failures)
        if len(refused) == 1:
            raise ConnectionError
        await bury(projector, *given)

    monkeypatch.setattr(Projector, "save", save_all_but_the_first)
    monkeypatch.setattr(Projector, "bury", bury_the_second_time)
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        for number, event in a_story():
            await system.send(**sealed(event, number))
        await system.settle()

        [letter] = await system.rows("monitoring", "dead_letter")
        [case] = await system.rows("monitoring", "probe_case")
    assert (letter["topic"], letter["offset"], len(refused)) == ("ieum.applications", 0, 2)
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (None, 100, 1)


class SlowDatabase(Database):
    """It takes its time to commit."""

    @asynccontextmanager
    async def fast_transaction(self, begun: BeginTransaction | None = None) -> AsyncIterator[Any]:
        async with super().asyncpg_transaction(begun) as connection:
            yield connection
            await asyncio.sleep(0.1)


async def test_states_that_are_still_being_written_are_not_read_from_the_database(
    tables: None, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is full after each event: all goes but what was handed over last."""
    monkeypatch.setattr("shared.projections.projection.MOST", 0)
    monkeypatch.setattr("shared.projections.watermarks.MOST", 0)
    slow = SlowDatabase(app_url("monitoring"), "monitoring")
    async with MemorySystem([SERVICE], {"monitoring": slow}, settings) as system:
        await system.start()
        for number, event in a_story()[:2]:
            await system.send(**sealed(event, number))
            await system.kafka.deliver()
        await system.settle()

        [case] = await system.rows("monitoring", "probe_case")
        [mark] = await system.rows("monitoring", "projection_mark")
    await slow.close()

    assert (case["rank"], case["agreed_krw"]) == (3, 100)
    assert (mark["last"], mark["ahead"]) == (2, [])
