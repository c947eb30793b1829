"""Poison records of a consumer: a record that ends its process is dead-lettered, and the others are handled."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from shared.events.external import LegacyCaseRecorded
from shared.messaging.consumer import Consumer
from shared.messaging.dispatcher import Dispatcher
from shared.messaging.kafka import Record, is_internal
from tests.builders import A_DAY, PROGRAMME, a_selection, kafka_record
from tests.integration.probe import Probe
from tests.system import System

pytestmark = pytest.mark.parametrize("system", ["memory"], indirect=True)


class Killed(BaseException):
    """Simulated kill -9."""


def killing(is_poison: Callable[[Any], bool], times: int = 100) -> Callable[[Any], None]:
    """Return a function that ends the process at a poison event, so many times."""
    remaining = [times]

    def kill(event: Any) -> None:
        if is_poison(event) and remaining[0] > 0:
            remaining[0] -= 1
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


async def starts_until_settled(system: System) -> int:
    """Restart the system after each kill; return how often it was started."""
    for start in range(1, 30):
        others = asyncio.all_tasks()
        try:
            await system.run_until_quiescent()
        except Killed:
            await cancel(asyncio.all_tasks() - others)  # records in flight die as well
            await system.restart()
        else:
            return start
    raise AssertionError("the crash loop never ends")


async def cancel(tasks: "set[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_poison_record_is_dead_lettered_and_the_others_are_handled(
    system: System, probe: Probe
) -> None:
    poison = a_selection()
    probe.after_writes = killing(lambda event: event == poison)
    for event in a_selection(), poison, a_selection():
        await system.send(**kafka_record(event))

    starts = await starts_until_settled(system)

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert "the process ended 3 times in its handling" in dead_letter["reason"]
    assert starts == 5
    assert probe.handled.count(poison) == 4
    assert await system.count("funding", "event_log", "type like '%past_spending%'") == 2
    assert await system.count("funding", "attempt") == 0


async def test_records_in_flight_with_a_poison_record_are_not_dead_lettered(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, past, handle = a_selection(), a_past_result(), Dispatcher.handle
    probe.after_writes = killing(lambda event: event == poison)

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        if not is_internal(record):
            await asyncio.sleep(0.2)  # the poison record is in flight by then
        return await handle(dispatcher, record)

    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**kafka_record(past))
    await system.send(**kafka_record(poison))

    await starts_until_settled(system)

    dead_letters = await system.rows("funding", "dead_letter")
    assert [dead_letter["topic"] for dead_letter in dead_letters] == [poison.topic]
    assert past in probe.handled


async def test_after_a_crash_records_are_handled_one_by_one(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, handle = a_selection(), Dispatcher.handle
    in_flight, concurrent, killed = [0], list[int](), asyncio.Event()

    def kill(event: Any) -> None:
        if event == poison and not killed.is_set():
            killed.set()
            raise Killed

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        in_flight[0] += 1
        concurrent.append(in_flight[0])
        try:
            if not is_internal(record):
                await killed.wait()
            await asyncio.sleep(0.1)  # no shorter than the other record's handling
            return await handle(dispatcher, record)
        finally:
            in_flight[0] -= 1

    probe.after_writes = kill
    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**kafka_record(a_past_result()))
    await system.send(**kafka_record(poison))

    await starts_until_settled(system)

    assert concurrent[:2] == [1, 2]
    assert set(concurrent[2:]) == {1}


async def test_handled_record_is_not_dead_lettered_however_often_the_process_dies_after_it(
    system: System, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, kill = Dispatcher.handle, killing(lambda record: True, times=6)

    async def handle_and_die(dispatcher: Dispatcher, record: Record) -> str:
        outcome = await handle(dispatcher, record)
        kill(record)
        return outcome

    monkeypatch.setattr(Dispatcher, "handle", handle_and_die)
    await system.send(**kafka_record(a_selection()))

    await starts_until_settled(system)

    assert await system.count("funding", "dead_letter") == 0
    assert len(probe.handled) == 1


async def test_a_partition_is_committed_while_another_is_still_being_handled(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, commit, legacy_committed = Dispatcher.handle, Consumer.commit_offset, asyncio.Event()

    async def handle_late(dispatcher: Dispatcher, record: Record) -> str:
        if is_internal(record):
            await asyncio.wait_for(legacy_committed.wait(), timeout=10)
        return await handle(dispatcher, record)

    async def notice_commit(consumer: Consumer, partition: TopicPartition, offset: int) -> None:
        await commit(consumer, partition, offset)
        if partition.topic == LegacyCaseRecorded.topic:
            legacy_committed.set()

    monkeypatch.setattr(Consumer, "commit_offset", notice_commit)
    monkeypatch.setattr(Dispatcher, "handle", handle_late)
    await system.send(**kafka_record(a_selection()))
    await system.send(**kafka_record(a_past_result()))

    await system.run_until_quiescent()

    assert await system.count("funding", "dead_letter") == 0
    assert await system.count("funding", "inbox") == 2
