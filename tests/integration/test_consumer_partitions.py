"""Partitions of a consumer: what is committed, what waits, and what is tried again."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition

from shared.config import Settings
from shared.events import Event
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging.circuit_breaker import CircuitOpen
from shared.messaging.consumer import Consumer
from tests.builders import a_selection, kafka_record
from tests.databases import Databases
from tests.integration.probe import TOPIC, Probe
from tests.integration.readings import rows, sample
from tests.memory import MemoryConsumer, MemoryRecord
from tests.system import cancel

FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
START = Callable[..., Consumer]


class Kafka(MemoryConsumer):
    """A consumer with two partitions of one topic."""

    def __init__(self) -> None:
        super().__init__({}, [TOPIC], {})
        self.positions[SECOND] = 0
        self.refuses_commits = False

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.refuses_commits:
            raise ConnectionError("away")
        await super().commit(offsets)


class Subscriber:
    def __init__(self) -> None:
        self.consumer = Kafka()


@pytest.fixture
def start(databases: Databases, probe: Probe, settings: Settings) -> START:
    """Return a function that starts a process: a consumer without memory of the earlier ones."""

    def start(**changed: Any) -> Consumer:
        chosen = settings.model_copy(
            update={"backoff_seconds": 60.0, "backoff_limit_seconds": 60.0} | changed
        )
        consumer = Consumer(databases["funding"], probe.service.handlers, FundingRecordDeadLettered, chosen)
        consumer.subscriber = Subscriber()
        return consumer

    return start


@pytest.fixture
def consumer(start: START) -> Consumer:
    return start()


def a_record(offset: int, at: TopicPartition = FIRST, event: Event | None = None) -> MemoryRecord:
    event = event or a_selection(UUID(int=1 + offset + 100 * at.partition))
    return MemoryRecord(offset=offset, partition=at.partition, **kafka_record(event))


def offsets(probe: Probe) -> list[int]:
    """Return the numbers of the handled events, which are offset + 1, plus 100 for the second partition."""
    return [event.case_id.int for event in probe.handled]


def committed(consumer: Consumer) -> dict[TopicPartition, int]:
    return dict(consumer.subscriber.consumer.committed)


async def attempts(consumer: Consumer) -> list[tuple[Any, ...]]:
    """Return the stored (offset, count)."""
    return await rows(consumer.database, 'select "offset", count from attempt order by 1')


def failing(*numbers: int, error: BaseException) -> Callable[[Any], None]:
    def fail(event: Any) -> None:
        if event.case_id.int in numbers:
            raise error

    return fail


def records_total(outcome: str) -> float:
    return sample("ieum_records_total", topic=TOPIC, outcome=outcome)


async def test_records_are_handled_by_partition_and_offset_in_whatever_order_they_come(
    consumer: Consumer, probe: Probe
) -> None:
    batch = [a_record(1), a_record(1, SECOND), a_record(0), a_record(0, SECOND), a_record(2)]

    await consumer.receive(batch)

    assert [number for number in offsets(probe) if number < 100] == [1, 2, 3]
    assert [number for number in offsets(probe) if number > 100] == [101, 102]
    assert committed(consumer) == {FIRST: 3, SECOND: 2}
    assert consumer.in_flight == {}


async def test_records_before_one_that_waits_are_committed_and_those_behind_it_are_not_begun(
    consumer: Consumer, probe: Probe
) -> None:
    probe.after_writes = failing(2, error=ConnectionError("away"))

    await consumer.receive([a_record(0), a_record(1), a_record(2)])

    kafka = consumer.subscriber.consumer
    assert offsets(probe) == [1, 2]
    assert (committed(consumer), kafka.positions[FIRST]) == ({FIRST: 1}, 1)
    assert (kafka.paused, consumer.in_flight) == ({FIRST}, {})


async def test_nothing_is_committed_where_the_first_record_waits(start: START, probe: Probe) -> None:
    consumer = start()
    probe.after_writes = failing(1, error=ConnectionError("away"))

    await consumer.receive([a_record(0), a_record(0, SECOND)])

    assert committed(consumer) == {SECOND: 1}
    assert consumer.subscriber.consumer.paused == {FIRST}


async def test_after_a_crash_each_record_is_committed_before_the_next_is_begun(
    start: START, probe: Probe
) -> None:
    await start().poison.open({FIRST: 0})
    consumer, seen = start(), list[dict[TopicPartition, int]]()
    probe.after_writes = lambda event: seen.append(committed(consumer))

    await consumer.receive([a_record(0), a_record(1), a_record(0, SECOND)])

    assert seen == [{}, {FIRST: 1}, {FIRST: 2}]
    assert committed(consumer) == {FIRST: 2, SECOND: 1}
    assert await attempts(consumer) == []


async def test_partition_without_new_records_is_not_waited_for_after_a_crash(start: START) -> None:
    await start().poison.open({FIRST: 0})
    consumer = start()
    await consumer.receive([a_record(0), a_record(0, SECOND)])

    await consumer.receive([a_record(1, SECOND)])

    assert committed(consumer) == {FIRST: 1, SECOND: 2}


async def test_success_ends_the_count_of_failures(consumer: Consumer, probe: Probe) -> None:
    probe.after_writes = failing(1, error=ConnectionError("away"))
    await consumer.receive([a_record(0)])
    failures = dict(consumer.failures)
    probe.after_writes = failing(error=ConnectionError("away"))

    await consumer.receive([a_record(0)])

    assert (failures, consumer.failures) == ({FIRST: 1}, {})


async def test_partitions_wait_while_the_database_cannot_mark_them(
    consumer: Consumer, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = consumer.poison.open

    async def away(offsets: Any) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(consumer.poison, "open", away)
    await consumer.receive([a_record(4), a_record(5, SECOND)])
    kafka = consumer.subscriber.consumer
    assert (offsets(probe), kafka.paused) == ([], {FIRST, SECOND})
    assert kafka.positions == {FIRST: 4, SECOND: 5}

    monkeypatch.setattr(consumer.poison, "open", mark)
    await consumer.receive([a_record(4), a_record(5, SECOND)])

    assert committed(consumer) == {FIRST: 5, SECOND: 6}


async def test_offset_that_could_not_be_committed_is_committed_with_the_next(
    consumer: Consumer, probe: Probe
) -> None:
    kafka = consumer.subscriber.consumer
    kafka.refuses_commits = True
    await consumer.receive([a_record(0)])
    assert await attempts(consumer) == [(0, 0)]

    kafka.refuses_commits = False
    await consumer.receive([a_record(1)])

    assert committed(consumer) == {FIRST: 2}
    assert offsets(probe) == [1, 2]
    assert await attempts(consumer) == []


async def test_records_are_counted_by_what_became_of_them(start: START, probe: Probe) -> None:
    consumer = start(delivery_attempts=1)
    outcomes = ("handled", "waiting", "dead")
    before = [records_total(outcome) for outcome in outcomes]

    await consumer.receive([a_record(0)])
    probe.after_writes = failing(2, error=ConnectionError("away"))
    await consumer.receive([a_record(1)])
    probe.after_writes = failing(2, error=ValueError("always"))
    await consumer.receive([a_record(1)])

    counted = [records_total(outcome) for outcome in outcomes]
    assert [after - earlier for after, earlier in zip(counted, before, strict=True)] == [1, 1, 1]


async def test_attempts_of_a_record_start_anew_where_the_circuit_refuses_to_dead_letter_it(
    consumer: Consumer,
) -> None:
    consumer.dispatcher.circuit.dead_letters_in_a_row = 5
    for record in (a_record(0), a_record(1)):
        await consumer.poison.failed(record)

    with pytest.raises(CircuitOpen):
        await consumer.dead_letter(a_record(0), ValueError("always"))

    assert await attempts(consumer) == [(1, 1)]


async def park(consumer: Consumer, probe: Probe, event: Event) -> None:
    probe.prerequisite_met = lambda handled: False
    await consumer.receive([a_record(0, event=event)])
    probe.handled.clear()


async def test_parked_records_are_retried_at_every_poll_interval(start: START, probe: Probe) -> None:
    await park(start(), probe, a_selection())
    retrying = start(poll_seconds=0.01)
    attempts_needed = iter([False, False, True])
    probe.prerequisite_met = lambda event: next(attempts_needed)
    task = asyncio.create_task(retrying.run_parked_retries())

    for _ in range(200):
        if len(probe.handled) == 3:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    await cancel(task)

    assert len(probe.handled) == 3


async def test_parked_records_are_retried_once_at_a_time(consumer: Consumer, probe: Probe) -> None:
    await park(consumer, probe, a_selection())

    async with consumer.retrying:
        await consumer.retry_parked()
    assert probe.handled == []

    await consumer.retry_parked()
    assert len(probe.handled) == 1
