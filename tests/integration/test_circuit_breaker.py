"""The circuit breaker of a consumer: dead letters in a row open it, and a handled record closes it."""

from collections.abc import Callable
from uuid import UUID

import pytest

from shared.database.engine import Database
from shared.errors import Malformed, RuleBroken
from shared.messaging.circuit_breaker import CircuitOpen
from shared.messaging.dispatcher import Dispatcher
from tests.builders import a_selection
from tests.integration.probe import TOPIC, a_record
from tests.integration.readings import offsets, rows, sample
from tests.memory import MemoryRecord

CASE, OTHER_CASE = UUID(int=1), UUID(int=2)
LEGACY = "ieum.external.legacy"
BROKEN_RULE = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")
NOT_AN_EVENT = Malformed("사건이 아닙니다 / not an event")


def a_broken_record(offset: int = 0, topic: str = TOPIC) -> MemoryRecord:
    return MemoryRecord(topic, offset, b"key", b"not an event", [])


def circuit(dispatcher: Dispatcher) -> tuple[bool, float]:
    """Return whether the circuit is open: to the consumer, and in the metric."""
    return dispatcher.circuit.open_reason() is not None, sample("ieum_line_stopped")


async def dead_letter(dispatcher: Dispatcher, *offsets: int, topic: str = TOPIC) -> None:
    for offset in offsets:
        await dispatcher.dead_letter(a_broken_record(offset, topic), NOT_AN_EVENT)


async def test_dead_letter_has_the_consumer_and_the_reason(
    dispatcher: Dispatcher, database: Database
) -> None:
    await dead_letter(dispatcher, 0)

    stored = await rows(database, "select consumer, rule, reason from dead_letter")
    assert stored == [("consumer", "malformed", str(NOT_AN_EVENT))]


async def test_circuit_opens_at_the_limit_of_dead_letters_and_refuses_the_next(
    dispatcher: Dispatcher, database: Database
) -> None:
    await dead_letter(dispatcher, 0, 1, 2, 3)
    assert circuit(dispatcher) == (False, 0)

    await dead_letter(dispatcher, 4)

    assert circuit(dispatcher) == (True, 1)
    assert "5건" in str(dispatcher.circuit.open_reason())
    with pytest.raises(CircuitOpen):
        await dead_letter(dispatcher, 5)
    assert await offsets(database, "dead_letter") == [0, 1, 2, 3, 4]


async def test_records_of_external_systems_are_dead_lettered_while_the_circuit_is_open(
    dispatcher: Dispatcher, database: Database
) -> None:
    await dead_letter(dispatcher, 0, 1, 2, 3, 4)

    await dead_letter(dispatcher, 7, topic=LEGACY)

    assert 7 in await offsets(database, "dead_letter")
    assert "5건" in str(dispatcher.circuit.open_reason())


async def test_record_that_is_dead_lettered_again_does_not_count(dispatcher: Dispatcher) -> None:
    await dead_letter(dispatcher, 0, 1, 2, 3)

    await dead_letter(dispatcher, 3)

    assert circuit(dispatcher) == (False, 0)


async def test_handled_record_closes_the_circuit_and_a_skipped_one_does_not(dispatcher: Dispatcher) -> None:
    await dead_letter(dispatcher, 0, 1, 2, 3, 4)

    await dispatcher.handle(a_record(a_selection(), type="kr.ieum.moon.landed.v1"))
    assert circuit(dispatcher) == (True, 1)
    await dispatcher.handle(a_record(a_selection()))
    assert circuit(dispatcher) == (False, 0)

    await dead_letter(dispatcher, 5, 6, 7, 8)
    assert circuit(dispatcher) == (False, 0)


async def test_circuit_of_a_new_process_is_closed(start: Callable[..., Dispatcher]) -> None:
    await dead_letter(start(), 0, 1, 2, 3, 4)

    assert circuit(start()) == (False, 0)
