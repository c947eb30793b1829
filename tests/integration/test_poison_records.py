"""Who is to blame when a consumer's process dies, again and again: the record that kills it, and nobody else."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from sqlalchemy import text

from shared.events.external import LegacyCaseRecorded
from shared.messaging.consumer import Consumer
from shared.messaging.dispatcher import Dispatcher
from shared.messaging.kafka import Record, is_internal
from tests.builders import A_DAY, PROGRAMME, a_selection, sealed
from tests.integration.probe import Probe
from tests.system import System

pytestmark = pytest.mark.parametrize("system", ["memory"], indirect=True)


class Killed(BaseException):
    """Stands for a kill -9."""


def killing(is_meant: Callable[[Any], bool], times: int = 100) -> Callable[[Any], None]:
    left = [times]

    def kill(event: Any) -> None:
        if is_meant(event) and left[0] > 0:
            left[0] -= 1
            raise Killed

    return kill


def a_past_result() -> LegacyCaseRecorded:
    return LegacyCaseRecorded(
        record_id=f"old-{uuid4()}",
        programme_id=PROGRAMME,
        company_name_ko="기업 L-001",
        municipality="52130",
        year_from=2022,
        year_to=2022,
        status="completed",
        occurred_on=A_DAY,
    )


async def lives_until_settled(system: System) -> int:
    for life in range(1, 30):
        others = asyncio.all_tasks()
        try:
            await system.settle()
        except Killed:
            await cancel(asyncio.all_tasks() - others)  # what was in hand dies as well
            await system.restart()
        else:
            return life
    raise AssertionError("the crash loop never ends")


async def cancel(tasks: "set[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_record_that_kills_its_process_is_given_up_and_the_rest_goes_on(
    system: System, probe: Probe
) -> None:
    killer = a_selection()
    probe.before = killing(lambda event: event == killer)
    for event in a_selection(), killer, a_selection():
        await system.send(**sealed(event))

    lives = await lives_until_settled(system)

    [letter] = await system.rows("funding", "dead_letter")
    assert "the process ended 3 times in its handling" in letter["reason"]
    assert lives == 5
    assert probe.heard.count(killer) == 4
    assert await system.count("funding", "event_log", "type like '%past_spending%'") == 2
    assert await system.count("funding", "attempt") == 0


async def test_what_is_in_hand_beside_a_killer_is_never_given_up(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer, past, handle = a_selection(), a_past_result(), Dispatcher.handle
    probe.before = killing(lambda event: event == killer)

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        if not is_internal(record):
            await asyncio.sleep(0.2)  # the killer is in hand by then
        return await handle(dispatcher, record)

    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**sealed(past))
    await system.send(**sealed(killer))

    await lives_until_settled(system)

    letters = await system.rows("funding", "dead_letter")
    assert [letter["topic"] for letter in letters] == [killer.topic]
    assert past in probe.heard


async def test_after_a_death_what_was_in_hand_is_begun_one_at_a_time(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer, handle = a_selection(), Dispatcher.handle
    in_hand, together, killed = [0], list[int](), asyncio.Event()

    def kill(event: Any) -> None:
        if event == killer and not killed.is_set():
            killed.set()
            raise Killed

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        in_hand[0] += 1
        together.append(in_hand[0])
        try:
            if not is_internal(record):
                await killed.wait()
            await asyncio.sleep(0.1)  # no shorter than the other's
            return await handle(dispatcher, record)
        finally:
            in_hand[0] -= 1

    probe.before = kill
    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**sealed(a_past_result()))
    await system.send(**sealed(killer))

    await lives_until_settled(system)

    assert together[:2] == [1, 2]
    assert set(together[2:]) == {1}


async def test_a_suspected_record_waits_for_a_calm_while_others_go_on(system: System, probe: Probe) -> None:
    killer = a_selection()
    probe.before = killing(lambda event: event == killer)
    await system.send(**sealed(killer))
    for _ in range(2):  # beside others, then alone
        with suppress(Killed):
            await system.quiet()
        await system.restart()
    patient = system.settings.model_copy(update={"backoff_seconds": 60.0, "backoff_limit_seconds": 60.0})
    system.consumers["funding"].settings = patient
    past = a_past_result()
    await system.send(**sealed(past))

    for _ in range(5):
        await system.quiet()

    assert probe.heard == [killer, killer, past]
    assert await system.count("funding", "dead_letter") == 0


async def test_while_several_records_are_suspected_none_of_ours_is_given_up(
    system: System, probe: Probe
) -> None:
    killer = a_selection()
    probe.before = killing(lambda event: event == killer, times=10)
    await suspected(system, "ieum.monitoring")
    await system.send(**sealed(killer))

    lives = await lives_until_settled(system)

    assert lives == 11
    assert await system.count("funding", "dead_letter") == 0
    assert await system.count("funding", "event_log", "type like '%past_spending%'") == 1


async def test_an_outsiders_record_is_given_up_whatever_else_is_suspected(
    system: System, probe: Probe
) -> None:
    probe.before = killing(lambda event: True)
    await suspected(system, "ieum.monitoring")
    await system.send(**sealed(a_past_result()))

    await lives_until_settled(system)

    assert await system.count("funding", "dead_letter") == 1


async def test_a_record_that_is_in_effect_is_not_given_up_however_often_the_process_died_behind_it(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, kill = Dispatcher.handle, killing(lambda record: True, times=6)

    async def handle_and_die(dispatcher: Dispatcher, record: Record) -> str:
        outcome = await handle(dispatcher, record)
        kill(record)
        return outcome

    monkeypatch.setattr(Dispatcher, "handle", handle_and_die)
    await system.send(**sealed(a_selection()))

    await lives_until_settled(system)

    assert await system.count("funding", "dead_letter") == 0
    assert len(probe.heard) == 1


async def test_a_partition_is_acknowledged_while_another_still_works(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, acknowledge, legacy_done = Dispatcher.handle, Consumer.commit, asyncio.Event()

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        if is_internal(record):
            await asyncio.wait_for(legacy_done.wait(), timeout=10)
        return await handle(dispatcher, record)

    async def acknowledge_and_tell(consumer: Consumer, at: TopicPartition, offset: int) -> None:
        await acknowledge(consumer, at, offset)
        if at.topic == LegacyCaseRecorded.topic:
            legacy_done.set()

    monkeypatch.setattr(Consumer, "acknowledge", acknowledge_and_tell)
    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**sealed(a_selection()))
    await system.send(**sealed(a_past_result()))

    await system.settle()

    assert await system.count("funding", "dead_letter") == 0
    assert await system.count("funding", "inbox") == 2


async def suspected(system: System, topic: str) -> None:
    async with system.databases["funding"].transaction() as session:
        await session.execute(
            text("""insert into attempt (topic, partition, "offset", count) values (:topic, 3, 7, 2)"""),
            {"topic": topic},
        )
