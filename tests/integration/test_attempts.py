"""Counts of attempts: what one process learns about the records that an earlier one did not finish."""

from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.database.engine import Database
from shared.messaging.poison_records import PoisonDetector
from tests.integration.readings import rows, sample
from tests.memory import MemoryRecord

AT, OTHER = TopicPartition("ieum.applications", 3), TopicPartition("ieum.external.legacy", 1)


def process(database: Database, consumer: str = "consumer") -> PoisonDetector:
    """Return the detector of a new process, which handles three records one by one after a crash."""
    return PoisonDetector(database, consumer, 3)


async def after_a_crash(database: Database, at: TopicPartition = AT, offset: int = 17) -> PoisonDetector:
    """Return the detector of the process that follows one which ended while it handled the partition."""
    await process(database).open({at: offset})
    next_process = process(database)
    await next_process.open({at: offset})
    return next_process


def a_record(offset: int = 17, at: TopicPartition = AT) -> MemoryRecord:
    return MemoryRecord(at.topic, offset, b"key", b"{}", [], at.partition)


async def stored(database: Database) -> list[tuple[Any, ...]]:
    """Return the stored counts as (consumer, topic, partition, offset, count)."""
    statement = (
        'select consumer, topic, partition, "offset", count from attempt order by topic, partition, "offset"'
    )
    return await rows(database, statement)


def begun_again(topic: str = AT.topic) -> float:
    return sample("ieum_records_begun_again_total", topic=topic)


async def test_opened_partition_is_marked_and_not_suspicious(database: Database) -> None:
    detector = process(database)

    await detector.open({AT: 17, OTHER: 5})

    assert await stored(database) == [("consumer", *AT, 17, 0), ("consumer", *OTHER, 5, 0)]
    assert detector.one_by_one == {}


async def test_partition_with_the_marker_of_an_earlier_process_is_handled_one_by_one(
    database: Database,
) -> None:
    await process(database).open({AT: 17})
    detector = process(database)

    await detector.open({AT: 17, OTHER: 5})

    assert detector.one_by_one == {AT: 3}


async def test_marker_of_another_consumer_is_not_suspicious(database: Database) -> None:
    await process(database, "projector").open({AT: 17})
    detector = process(database)

    await detector.open({AT: 17})

    assert detector.one_by_one == {}


async def test_partition_is_opened_once_by_a_process(database: Database) -> None:
    detector = process(database)

    await detector.open({AT: 17})
    await detector.open({OTHER: 5})
    await detector.open({AT: 18, OTHER: 6})

    assert await stored(database) == [("consumer", *AT, 17, 0), ("consumer", *OTHER, 5, 0)]
    assert detector.one_by_one == {}


@pytest.mark.parametrize(
    ("end", "one_by_one"), [(17, {}), (18, {AT: 1}), (19, {AT: 2}), (30, {AT: 3})], ids=str
)
async def test_only_records_up_to_the_present_end_are_handled_one_by_one(
    database: Database, end: int, one_by_one: dict[TopicPartition, int]
) -> None:
    await process(database).open({AT: 17})
    detector = process(database)

    await detector.open({AT: 17}, {AT: end})

    assert detector.one_by_one == one_by_one


async def test_markers_are_deleted_with_the_first_commit_of_their_partition(database: Database) -> None:
    detector = process(database)
    await detector.open({AT: 17})
    await detector.open({OTHER: 5})

    await detector.passed(AT, 18)
    assert await stored(database) == [("consumer", *OTHER, 5, 0)]

    await detector.passed(OTHER, 6)
    assert await stored(database) == []


async def test_nothing_is_deleted_where_nothing_is_stored(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = process(database)
    await detector.open({AT: 17})
    await detector.passed(AT, 18)

    monkeypatch.setattr(detector, "database", None)

    await detector.passed(AT, 19)


async def test_record_that_is_not_suspicious_is_not_counted(database: Database) -> None:
    detector = process(database)
    await detector.open({AT: 17})

    assert await detector.begin_attempt(a_record()) == 0
    assert await stored(database) == [("consumer", *AT, 17, 0)]


async def test_record_handled_one_by_one_is_counted_before_it_is_begun(database: Database) -> None:
    detector = await after_a_crash(database)

    assert await detector.begin_attempt(a_record()) == 1

    assert await stored(database) == [("consumer", *AT, 17, 1)]


async def test_every_process_counts_one_attempt_of_a_record_handled_one_by_one(database: Database) -> None:
    first = await after_a_crash(database)
    counts = [await first.begin_attempt(a_record()), await first.begin_attempt(a_record())]
    second = process(database)
    await second.open({AT: 17})

    assert counts == [1, 1]
    assert await second.begin_attempt(a_record()) == 2


async def test_failure_of_an_attempt_that_is_counted_is_not_counted_again(database: Database) -> None:
    detector = await after_a_crash(database)
    await detector.begin_attempt(a_record())

    failures = [await detector.failed(a_record()) for _ in range(3)]

    assert failures == [1, 2, 3]
    assert await stored(database) == [("consumer", *AT, 17, 3)]


async def test_record_that_failed_one_by_one_is_begun_again_without_being_counted(database: Database) -> None:
    detector = await after_a_crash(database)
    await detector.begin_attempt(a_record())
    await detector.failed(a_record())

    assert await detector.begin_attempt(a_record()) == 1

    assert await stored(database) == [("consumer", *AT, 17, 1)]


async def test_failures_are_counted_for_each_record(database: Database) -> None:
    detector = process(database)

    counts = [await detector.failed(record) for record in (a_record(), a_record(), a_record(18))]
    counts.append(await detector.failed(a_record(17, OTHER)))

    assert counts == [1, 2, 1, 1]
    assert await detector.begin_attempt(a_record(18)) == 1
    assert await detector.begin_attempt(a_record(19)) == 0


async def test_counts_are_deleted_up_to_the_offset_that_was_committed(database: Database) -> None:
    detector = process(database)
    for record in (a_record(17), a_record(18), a_record(17, OTHER)):
        await detector.failed(record)

    await detector.passed(AT, 18)

    assert await stored(database) == [("consumer", *AT, 18, 1), ("consumer", *OTHER, 17, 1)]


async def test_cleared_record_is_counted_anew(database: Database) -> None:
    detector = process(database)
    await detector.failed(a_record())

    await detector.clear(AT, 18)

    assert await detector.begin_attempt(a_record()) == 0
    assert await detector.failed(a_record()) == 1


async def test_clearing_a_partition_without_counts_does_nothing(database: Database) -> None:
    await process(database).clear(AT, 18)

    assert await stored(database) == []


async def test_records_are_handled_one_by_one_until_as_many_as_a_batch_have_passed(
    database: Database,
) -> None:
    detector = await after_a_crash(database)

    left = []
    for offset in (18, 19, 20, 21):
        await detector.passed(AT, offset)
        left.append(detector.one_by_one.get(AT))

    assert left == [2, 1, None, None]


async def test_attempts_beyond_the_first_are_reported(database: Database) -> None:
    before, detector = begun_again(), process(database)
    await detector.begin_attempt(a_record())
    await detector.failed(a_record())
    assert begun_again() == before

    await detector.begin_attempt(a_record())

    assert begun_again() == before + 1


async def test_after_a_crash_the_second_attempt_of_a_record_is_reported_and_the_first_is_not(
    database: Database,
) -> None:
    before, first = begun_again(), await after_a_crash(database)
    await first.begin_attempt(a_record())
    assert begun_again() == before

    second = process(database)
    await second.open({AT: 17})
    await second.begin_attempt(a_record())

    assert begun_again() == before + 1
