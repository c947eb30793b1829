"""The dispatcher: what becomes of one record, what its handler receives, and how parked records are retried."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.config import Settings
from shared.database.engine import Database, is_transient
from shared.errors import Malformed, RuleBroken
from shared.events import Event
from shared.events.applications import CompanySelected
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging.circuit_breaker import CircuitOpen
from shared.messaging.cloudevents import Envelope
from shared.messaging.dispatcher import Dispatcher, Handlers, correlation_of
from shared.values import clock
from tests.builders import a_selection, an_agreement, kafka_record
from tests.databases import Databases
from tests.integration.probe import TOPIC, Probe
from tests.memory import MemoryRecord
from tests.tracing import attributes_of, record_spans

CASE, OTHER_CASE = UUID(int=1), UUID(int=2)
SELECTED = "kr.ieum.company.selected.v1"
LEGACY = "ieum.external.legacy"
BROKEN_RULE = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")
NOT_AN_EVENT = Malformed("사건이 아닙니다 / not an event")


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["funding"]


@pytest.fixture
def start(database: Database, probe: Probe, settings: Settings) -> Callable[..., Dispatcher]:
    """Return a function that starts a process: a dispatcher without memory of the earlier ones."""

    def start(handlers: Handlers | None = None, **changed: Any) -> Dispatcher:
        return Dispatcher(
            database,
            handlers or probe.service.handlers,
            FundingRecordDeadLettered,
            settings.model_copy(update=changed),
        )

    return start


@pytest.fixture
def dispatcher(start: Callable[..., Dispatcher]) -> Dispatcher:
    return start()


def a_record(event: Event, offset: int = 0, **attributes: str) -> MemoryRecord:
    return MemoryRecord(offset=offset, **kafka_record(event, 1, **attributes))


def a_broken_record(offset: int = 0, topic: str = TOPIC) -> MemoryRecord:
    return MemoryRecord(topic, offset, b"key", b"not an event", [])


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"service": "funding"} | labels) or 0


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def parked_offsets(database: Database) -> list[int]:
    return [row[0] for row in await rows(database, 'select "offset" from parked order by 1')]


async def dead_offsets(database: Database) -> list[int]:
    return [row[0] for row in await rows(database, 'select "offset" from dead_letter order by 1')]


def needing(*events: Event) -> Callable[[Any], bool]:
    """Return a condition that these events' prerequisites are missing."""
    return lambda event: event not in events


async def test_outcome_names_what_became_of_the_record(dispatcher: Dispatcher, probe: Probe) -> None:
    waiting, event = a_selection(OTHER_CASE), a_selection(CASE)
    probe.prerequisite_met = needing(waiting)
    record = a_record(event)

    assert await dispatcher.handle(record) == "handled"
    assert await dispatcher.handle(record) == "duplicate"
    assert await dispatcher.handle(a_record(event, type="kr.ieum.moon.landed.v1")) == "skipped"
    assert await dispatcher.handle(a_record(waiting, 1)) == "parked"
    assert await dispatcher.handle(a_record(an_agreement(OTHER_CASE), 2)) == "parked"
    assert await dispatcher.handle(a_record(an_agreement(CASE), 3)) == "handled"


async def test_reason_of_a_parked_record_is_its_prerequisite_and_that_of_its_follower_the_record_before(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = lambda event: False

    for offset, event in enumerate([a_selection(CASE), an_agreement(CASE)]):
        await dispatcher.handle(a_record(event, offset))

    [(first,), (second,)] = await rows(database, 'select reason from parked order by "offset"')
    assert first.startswith("not_known_yet: ")
    assert "an earlier record waits" in second


async def test_handler_receives_the_open_transaction_the_event_and_its_envelope(
    start: Callable[..., Dispatcher], database: Database
) -> None:
    received = []

    async def on_selected(session: Any, event: CompanySelected, envelope: Envelope) -> None:
        await session.execute(text("insert into stream (subject, last) values ('handled', 1)"))
        received.append((event, envelope.type, envelope.sequence))

    event = a_selection()
    await start({CompanySelected: on_selected}).handle(a_record(event))

    assert received == [(event, SELECTED, f"{1:020}")]
    assert await rows(database, "select subject from stream") == [("handled",)]


async def test_handling_is_measured_by_type(dispatcher: Dispatcher) -> None:
    before = sample("ieum_handle_seconds_count", type=SELECTED)

    await dispatcher.handle(a_record(a_selection()))

    assert sample("ieum_handle_seconds_count", type=SELECTED) == before + 1


async def test_span_of_a_second_delivery_is_marked_as_duplicate(dispatcher: Dispatcher) -> None:
    record = a_record(a_selection(), offset=17)

    with record_spans() as spans:
        await dispatcher.handle(record)
        await dispatcher.handle(record)

    first, second = (attributes_of(span) for span in spans.spans if span.name == f"handle {SELECTED}")
    assert first["messaging.consumer.group.name"] == "funding"
    assert first["messaging.kafka.offset"] == 17
    assert second == first | {"ieum.outcome": "duplicate"}


async def test_record_is_handled_once_its_handling_is_committed(dispatcher: Dispatcher) -> None:
    record = a_record(a_selection())

    before = await dispatcher.is_handled(record)
    await dispatcher.handle(record)

    assert (before, await dispatcher.is_handled(record)) == (False, True)


@pytest.mark.parametrize("caused", [{}, {"correlationid": "request-1"}])
def test_caused_events_carry_the_causes_id_correlation_trace_and_caller(caused: dict[str, str]) -> None:
    attributes = {"traceparent": "00-trace", "authtype": "user", "authid": "K-0412"}
    envelope = Envelope(
        id="event-1", source="/s", type="t", time="2024-07-01T00:00:00Z", subject="s", **attributes, **caused
    )

    expected = attributes | {
        "causationid": "event-1",
        "correlationid": caused.get("correlationid", "event-1"),
    }
    assert correlation_of(envelope) == expected


# Parked records.


async def test_parked_records_are_handled_in_order_once_their_prerequisite_has_arrived(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    selected, agreed = a_selection(CASE), an_agreement(CASE)
    probe.prerequisite_met = needing(selected)
    for offset, event in enumerate([selected, agreed]):
        await dispatcher.handle(a_record(event, offset))
    probe.handled.clear()
    probe.prerequisite_met = needing()
    before = sample("ieum_records_total", topic=TOPIC, outcome="handled")

    await dispatcher.retry_parked()

    assert probe.handled == [selected, agreed]
    assert await parked_offsets(database) == []
    assert sample("ieum_records_total", topic=TOPIC, outcome="handled") == before + 2


async def test_every_parked_key_is_retried(dispatcher: Dispatcher, database: Database, probe: Probe) -> None:
    first, second = a_selection(CASE), a_selection(OTHER_CASE)
    probe.prerequisite_met = needing(first, second)
    for offset, event in enumerate([first, second]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing(first)

    await dispatcher.retry_parked()

    assert await parked_offsets(database) == [0]


async def test_process_parks_behind_records_that_an_earlier_one_has_parked(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = needing(selected := a_selection(CASE))
    await start().handle(a_record(selected))

    outcome = await start().handle(a_record(an_agreement(CASE), 1))

    assert outcome == "parked"


async def test_parked_record_that_another_process_holds_is_left_alone(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = needing(selected := a_selection(CASE))
    await start().handle(a_record(selected))
    probe.handled.clear()

    async with database.transaction() as session:
        await session.execute(text("select 1 from parked for update"))
        await start().retry_parked()

    assert probe.handled == []
    assert await parked_offsets(database) == [0]


async def parked_pair(dispatcher: Dispatcher, probe: Probe) -> None:
    """Park a record of each of two keys, whose prerequisites arrive afterwards."""
    probe.prerequisite_met = lambda event: False
    for offset, event in enumerate([a_selection(CASE), a_selection(OTHER_CASE)]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = lambda event: True


def raising(error: Exception) -> Callable[[Any], None]:
    def fail(event: Any) -> None:
        raise error

    return fail


async def test_parked_records_wait_through_an_outage_without_being_counted(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    await parked_pair(dispatcher, probe)
    probe.after_writes = raising(ConnectionError("away"))

    for _ in range(5):
        await dispatcher.retry_parked()

    assert await parked_offsets(database) == [0, 1]
    assert await rows(database, "select 1 from attempt") == []


async def test_retried_record_has_a_span_with_its_position(dispatcher: Dispatcher, probe: Probe) -> None:
    await parked_pair(dispatcher, probe)

    with record_spans() as spans:
        await dispatcher.retry_parked()

    assert [attributes_of(span)["messaging.kafka.offset"] for span in spans.spans] == [0, 1]


async def test_parked_record_that_keeps_failing_is_dead_lettered_after_as_many_attempts_as_any_other(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    await parked_pair(dispatcher, probe)
    probe.after_writes = raising(ValueError("always"))

    await dispatcher.retry_parked()
    await dispatcher.retry_parked()
    assert await parked_offsets(database) == [0, 1]
    attempts = await rows(database, 'select consumer, "offset", count from attempt order by 2')
    assert attempts == [("consumer", 0, 2), ("consumer", 1, 2)]

    await dispatcher.retry_parked()
    assert await dead_offsets(database) == [0, 1]
    assert await rows(database, "select 1 from attempt") == []


async def test_parked_record_that_breaks_a_rule_is_dead_lettered_at_once_and_its_follower_is_handled(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    selected, agreed = a_selection(CASE), an_agreement(CASE)
    probe.prerequisite_met = needing(selected)
    for offset, event in enumerate([selected, agreed]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing()
    probe.after_writes = lambda event: raising(BROKEN_RULE)(event) if event == selected else None
    before = sample("ieum_records_total", topic=TOPIC, outcome="dead")

    await dispatcher.retry_parked()

    assert await rows(database, 'select "offset", consumer, rule from dead_letter') == [
        (0, "consumer", "no_money")
    ]
    assert probe.handled[-1] == agreed
    assert await parked_offsets(database) == []
    assert sample("ieum_records_total", topic=TOPIC, outcome="dead") == before + 1


async def test_record_parked_past_its_deadline_is_dead_lettered_with_its_followers(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    dispatcher = start(parking_seconds=0.0)
    other = a_selection(OTHER_CASE)
    probe.prerequisite_met = needing(selected := a_selection(CASE), other)
    for offset, event in enumerate([selected, an_agreement(CASE), other]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing(selected)

    await dispatcher.retry_parked()

    assert await dead_offsets(database) == [0, 1]
    assert probe.handled[-1] == other
    assert await parked_offsets(database) == []


async def test_record_parked_within_its_deadline_stays_parked(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = lambda event: False
    await dispatcher.handle(a_record(a_selection()))

    await dispatcher.retry_parked()

    assert await parked_offsets(database) == [0]
    assert await rows(database, "select 1 from attempt") == []


# The business clock.


async def test_record_waits_uncounted_while_the_business_clock_cannot_be_read(
    dispatcher: Dispatcher, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clock").write_text("rubbish", encoding="utf-8")
    monkeypatch.setenv(clock.FILE, str(tmp_path / "clock"))

    with pytest.raises(clock.ClockUnreadable) as unreadable:
        await dispatcher.handle(a_record(a_selection()))

    assert is_transient(unreadable.value)


# The circuit.


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
    assert await dead_offsets(database) == [0, 1, 2, 3, 4]


async def test_records_of_external_systems_are_dead_lettered_while_the_circuit_is_open(
    dispatcher: Dispatcher, database: Database
) -> None:
    await dead_letter(dispatcher, 0, 1, 2, 3, 4)

    await dead_letter(dispatcher, 7, topic=LEGACY)

    assert 7 in await dead_offsets(database)
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


def test_suspicious_records_are_as_many_as_a_batch_holds(start: Callable[..., Dispatcher]) -> None:
    assert start(consumer_batch=7).poison.suspicious_records == 7
