"""Order and dead letters of parked records, with several processes of one service on a real PostgreSQL."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from shared.config import Settings
from shared.database.engine import Database
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.events import Event
from shared.messaging import parking
from shared.messaging.dispatcher import Dispatcher
from shared.messaging.parking import ParkedRecord
from tests.builders import a_selection, an_agreement, kafka_record
from tests.integration.probe import Probe
from tests.integration.readings import offsets, rows

NO_MONEY = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")
MISSING = PrerequisiteMissing("not_known_yet", ko="아직 모르는 과제입니다.", en="The case is not known yet.")


def record(event: Event, offset: int) -> ParkedRecord:
    return ParkedRecord(**kafka_record(event, offset + 1), partition=0, offset=offset, waited_seconds=0.0)


def two_records(case: UUID) -> tuple[ParkedRecord, ParkedRecord]:
    return record(a_selection(case), 0), record(an_agreement(case), 1)


async def park(database: Database, *records: ParkedRecord) -> None:
    async with database.transaction() as transaction:
        for each in records:
            await parking.park(transaction, each, "test")


async def test_second_process_does_not_take_a_later_record_while_the_first_one_holds_the_head(
    database: Database,
) -> None:
    head, later = two_records(uuid4())
    await park(database, head, later)

    async with database.transaction() as first, database.transaction() as second:
        taken = await parking.take_head(first, head.topic, head.key)
        taken_meanwhile = await parking.take_head(second, head.topic, head.key)

    assert (taken and taken.offset, taken_meanwhile) == (0, None)


async def test_expired_records_stay_parked_while_the_circuit_is_open(
    start: Callable[..., Dispatcher], database: Database, probe: Probe, settings: Settings
) -> None:
    probe.prerequisite_met = lambda event: False
    dispatcher = start(parking_seconds=0.0)
    dispatcher.circuit.dead_letters_in_a_row = settings.dead_letters_before_stop
    await park(database, *two_records(uuid4()))

    await dispatcher.retry_parked()

    assert await offsets(database, "parked") == [0, 1]
    assert await offsets(database, "dead_letter") == []


async def test_expired_record_and_its_follower_are_dead_lettered_for_the_same_reason(
    start: Callable[..., Dispatcher], database: Database
) -> None:
    head, later = two_records(uuid4())
    await park(database, head, later)

    await start(parking_seconds=0.0).handle_retry_failure(head, MISSING)

    dead = await rows(database, 'select "offset", rule from dead_letter order by 1')
    assert dead == [(0, "not_known_yet"), (1, "not_known_yet")]


async def test_record_that_breaks_a_rule_is_dead_lettered_alone(
    start: Callable[..., Dispatcher], database: Database
) -> None:
    head, later = two_records(uuid4())
    await park(database, head, later)

    finished = await start().handle_retry_failure(head, NO_MONEY)

    assert finished
    assert await offsets(database, "dead_letter") == [0]
    assert await offsets(database, "parked") == [1]


@pytest.mark.parametrize("error", [MISSING, NO_MONEY])
async def test_record_that_another_process_has_finished_meanwhile_is_not_dead_lettered(
    start: Callable[..., Dispatcher], database: Database, error: Exception
) -> None:
    head, later = two_records(uuid4())
    dispatcher = start(parking_seconds=0.0)
    await park(database, later)

    assert not await dispatcher.handle_retry_failure(head, error)

    assert await offsets(database, "parked") == [1]
    assert await offsets(database, "dead_letter") == []
