"""Failure policy of the consumer, in memory and on real Kafka."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.config import Settings
from shared.errors import RuleBroken
from tests.builders import a_selection, an_agreement, kafka_record
from tests.integration.probe import TOPIC, Probe
from tests.system import System

in_memory = pytest.mark.parametrize("system", ["memory"], indirect=True)


async def test_event_delivered_twice_is_handled_once(system: System, probe: Probe) -> None:
    record = kafka_record(a_selection())

    await system.send(**record)
    await system.send(**record)
    await system.run_until_quiescent()

    assert len(probe.handled) == 1
    assert await system.count("funding", "event_log") == 1
    assert await system.count("funding", "dead_letter") == 0


async def test_other_content_under_a_handled_id_is_dead_lettered(system: System, probe: Probe) -> None:
    record = kafka_record(a_selection(rank=1))
    await system.send(**record)

    await system.send(**record | {"value": record["value"].replace(b'"rank":1', b'"rank":9')})
    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert dead_letter["rule"] == "same_id_other_content"
    assert [event.rank for event in probe.handled] == [1]


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"value": b"\x00{", "headers": [("ce_id", b"\x00\xff"), ("ce_id", None)]}, "malformed"),
        ({"value": None}, "malformed"),
        ({"value": b"{}"}, "schema"),
        ({"value": b"[" * 5000}, "schema"),
        ({"value": b"x" * 900_001}, "malformed"),
        ({"headers": []}, "malformed"),
    ],
    ids=["no event", "no body", "missing field", "nested too deep", "too large", "no headers"],
)
async def test_unreadable_record_is_dead_lettered_with_its_original_bytes_and_the_rest_is_handled(
    system: System, probe: Probe, broken: dict[str, Any], rule: str
) -> None:
    record = kafka_record(a_selection()) | broken
    await system.send(**record)
    await system.send(**kafka_record(a_selection()))

    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert (dead_letter["rule"], dead_letter["value"], dead_letter["key"]) == (
        rule,
        record["value"],
        record["key"],
    )
    assert dead_letter["headers"] == [[name, value and value.hex()] for name, value in record["headers"]]
    assert dead_letter["reason"]
    assert len(probe.handled) == 1


async def test_dead_letter_event_does_not_contain_the_record(system: System) -> None:
    await system.send(TOPIC, b"secret of a company", key=b"k", headers=[])

    await system.run_until_quiescent()

    [event] = await system.log("ieum.funding")
    assert dict(event.headers)["ce_type"] == b"kr.ieum.record.dead_lettered.v1"
    assert b"secret" not in event.value


async def test_unknown_type_is_skipped_and_unknown_version_is_dead_lettered(
    system: System, probe: Probe
) -> None:
    await system.send(**kafka_record(a_selection(), type="kr.ieum.moon.landed.v1"))
    await system.send(**kafka_record(a_selection(), type="kr.ieum.company.selected.v3"))

    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert "company.selected.v3" in dead_letter["reason"]
    assert probe.handled == []


async def test_event_from_another_source_or_topic_is_dead_lettered(system: System, probe: Probe) -> None:
    await system.send(**kafka_record(a_selection(), source="/external/legacy"))
    await system.send(**kafka_record(a_selection()) | {"topic": "ieum.external.legacy"})

    await system.run_until_quiescent()

    dead_letters = await system.rows("funding", "dead_letter")
    assert [dead_letter["rule"] for dead_letter in dead_letters] == ["malformed"] * 2
    assert probe.handled == []


async def test_event_with_a_future_business_date_is_dead_lettered(system: System, probe: Probe) -> None:
    record = kafka_record(a_selection())

    await system.send(**record | {"value": record["value"].replace(b"2024-07-01", b"2999-01-01")})
    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert dead_letter["rule"] == "future_date"


async def test_event_that_breaks_a_rule_is_dead_lettered_at_once(system: System, probe: Probe) -> None:
    probe.after_writes = failing(
        RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget."), times=100
    )

    await system.send(**kafka_record(a_selection()))
    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert dead_letter["reason"] == "예산이 없습니다. / There is no budget."
    assert len(probe.handled) == 1
    assert await system.count("funding", "event_log", "type like '%past_spending%'") == 0


async def test_handler_that_fails_once_is_retried(system: System, probe: Probe) -> None:
    probe.after_writes = failing(ValueError("once"), times=1)

    await system.send(**kafka_record(a_selection()))
    await system.run_until_quiescent()

    assert len(probe.handled) == 2
    assert await system.count("funding", "event_log") == 1
    assert await system.count("funding", "attempt") == 0


async def test_record_that_always_fails_is_dead_lettered_and_the_rest_is_handled(
    system: System, probe: Probe
) -> None:
    first, second = a_selection(), a_selection()
    probe.after_writes = lambda event: failing(ValueError("always"), 100)(event) if event == first else None

    await system.send(**kafka_record(first))
    await system.send(**kafka_record(second))
    await system.run_until_quiescent()

    [dead_letter] = await system.rows("funding", "dead_letter")
    assert dead_letter["reason"] == "ValueError: always"
    assert probe.handled.count(first) == 3
    assert probe.handled.count(second) == 1


async def test_later_record_of_the_partition_waits_for_a_failed_one(system: System, probe: Probe) -> None:
    case = uuid4()
    first, second = a_selection(case), an_agreement(case)
    fail = failing(ValueError("once"), times=1)
    probe.after_writes = lambda event: fail(event) if event == first else None

    await system.send(**kafka_record(first, 1))
    await system.send(**kafka_record(second, 2))
    await system.run_until_quiescent()

    assert probe.handled == [first, first, second]


@in_memory
async def test_failed_record_is_not_retried_before_its_backoff_delay(
    system: System, probe: Probe, settings: Settings
) -> None:
    slow = settings.model_copy(update={"backoff_seconds": 60.0, "backoff_limit_seconds": 60.0})
    system.consumers["funding"].settings = slow
    probe.after_writes = failing(ConnectionError("away"), times=100)

    await system.send(**kafka_record(a_selection()))
    for _ in range(5):
        await system.is_quiescent()

    assert len(probe.handled) == 1


async def test_record_waits_through_an_outage_of_any_length(system: System, probe: Probe) -> None:
    probe.after_writes = failing(ConnectionError("away"), times=8)

    await system.send(**kafka_record(a_selection()))
    await system.run_until_quiescent()

    assert len(probe.handled) == 9
    assert await system.count("funding", "dead_letter") == 0
    assert await system.count("funding", "event_log") == 1


async def test_record_is_parked_until_its_prerequisite_arrives_and_its_key_stays_in_order(
    system: System, probe: Probe
) -> None:
    case = uuid4()
    selected, agreed, other = a_selection(case), an_agreement(case), a_selection()
    probe.prerequisite_met = lambda event: event != selected or other in probe.handled

    for number, event in enumerate([selected, agreed], start=1):
        await system.send(**kafka_record(event, number))
    await system.send(**kafka_record(other))
    await wait_until_empty(system, "parked")
    await system.run_until_quiescent()

    emitted = await system.rows("funding", "event_log")
    assert [row["subject"] for row in emitted] == [str(other.case_id), str(case), str(case)]
    assert probe.handled.index(agreed) > probe.handled.index(other)
    assert await system.count("funding", "parked") == 0
    assert await system.count("funding", "dead_letter") == 0


async def test_parked_record_is_dead_lettered_after_its_deadline_with_its_followers_in_order(
    system: System, probe: Probe
) -> None:
    case = uuid4()
    probe.prerequisite_met = lambda event: False

    await system.send(**kafka_record(a_selection(case), 1))
    await system.send(**kafka_record(an_agreement(case), 2))
    await wait_until_empty(system, "parked")
    await system.run_until_quiescent()

    dead_letters = await system.rows("funding", "dead_letter")
    assert [dead_letter["rule"] for dead_letter in dead_letters] == ["not_known_yet"] * 2
    assert dead_letters[0]["offset"] < dead_letters[1]["offset"]


@in_memory
async def test_circuit_opens_after_too_many_dead_letters_in_a_row(system: System, probe: Probe) -> None:
    for _ in range(50):
        await system.send(TOPIC, b"not an event", key=b"k", headers=[])

    for _ in range(20):
        assert not await system.is_quiescent()

    assert await system.count("funding", "dead_letter") == 5
    assert "circuit is open" in str(system.consumers["funding"].dispatcher.circuit.open_reason())


@in_memory
async def test_records_of_external_systems_never_open_the_circuit(system: System, probe: Probe) -> None:
    for _ in range(50):
        await system.send("ieum.external.legacy", b"not an event", key=b"k", headers=[])

    for _ in range(20):
        await system.is_quiescent()

    assert await system.count("funding", "dead_letter") == 50


async def test_emitted_event_names_the_event_that_caused_it(system: System) -> None:
    record = kafka_record(a_selection())

    await system.send(**record)
    await system.run_until_quiescent()

    [emitted] = await system.log("ieum.funding")
    headers, cause = dict(emitted.headers), dict(record["headers"])
    assert headers["ce_causationid"] == cause["ce_id"]
    assert headers["ce_correlationid"] == cause["ce_correlationid"]
    assert emitted.key == record["key"]


def failing(error: BaseException, times: int) -> Any:
    """Return a function that raises the error on its first calls."""
    remaining = [times]

    def fail(event: Any) -> None:
        remaining[0] -= 1
        if remaining[0] >= 0:
            raise error

    return fail


async def wait_until_empty(system: System, table: str) -> None:
    for _ in range(400):
        await system.run_until_quiescent()
        if not await system.count("funding", table):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{table} is never empty")
