"""The dispatcher: what becomes of one record, and what its handler receives."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.database.engine import Database, is_transient
from shared.database.transaction import Transaction
from shared.errors import Malformed, PrerequisiteMissing, RuleBroken
from shared.events.applications import CompanySelected
from shared.events.notifications import MessageFailed
from shared.messaging.cloudevents import Envelope
from shared.messaging.dispatcher import Dispatcher, correlation_of
from shared.values import clock
from tests.builders import a_failed_message, a_selection, an_agreement, old_kafka_record
from tests.integration.probe import SELECTED, Probe, a_record, needing
from tests.integration.readings import rows, sample
from tests.memory import MemoryRecord
from tests.tracing import attributes_of, record_spans

CASE, OTHER_CASE = UUID(int=1), UUID(int=2)
LEGACY = "ieum.external.legacy"
BROKEN_RULE = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")
NOT_AN_EVENT = Malformed("사건이 아닙니다 / not an event")


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

    async def on_selected(transaction: Transaction, event: CompanySelected, envelope: Envelope) -> None:
        await transaction.fetch("insert into stream (subject, last) values ('handled', 1)")
        received.append((event, envelope.type, envelope.sequence))

    event = a_selection()
    await start({CompanySelected: on_selected}).handle(a_record(event))

    assert received == [(event, SELECTED, f"{1:020}")]
    assert await rows(database, "select subject from stream") == [("handled",)]


async def test_event_of_an_earlier_version_is_handled_as_the_newest(start: Callable[..., Dispatcher]) -> None:
    failed, handled = a_failed_message(), []
    record = MemoryRecord(offset=0, **old_kafka_record(failed))

    async def on_failed(transaction: Transaction, event: MessageFailed, envelope: Envelope) -> None:
        handled.append(event)

    dispatcher = start({MessageFailed: on_failed})
    assert await dispatcher.handle(record) == "handled"
    assert await dispatcher.handle(record) == "duplicate"

    assert handled == [failed]


async def test_parked_event_of_an_earlier_version_is_handled_as_the_newest(
    start: Callable[..., Dispatcher], database: Database
) -> None:
    failed, handled = a_failed_message(), []

    async def on_failed(transaction: Transaction, event: MessageFailed, envelope: Envelope) -> None:
        handled.append(event)
        if len(handled) == 1:
            raise PrerequisiteMissing("not_yet", ko="아직 모릅니다.", en="Not known yet.")

    dispatcher = start({MessageFailed: on_failed})
    assert await dispatcher.handle(MemoryRecord(offset=0, **old_kafka_record(failed))) == "parked"

    await dispatcher.retry_parked()

    assert handled == [failed, failed]
    assert await rows(database, "select count(*) from parked") == [(0,)]


async def test_event_of_an_earlier_version_that_breaks_its_schema_is_refused(dispatcher: Dispatcher) -> None:
    record = old_kafka_record(a_selection()) | {"value": b'{"occurred_on": "2024-07-01"}'}

    with pytest.raises(ValidationError, match="reason"):
        await dispatcher.handle(MemoryRecord(offset=0, **record))


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


async def test_record_waits_uncounted_while_the_business_clock_cannot_be_read(
    dispatcher: Dispatcher, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clock").write_text("rubbish", encoding="utf-8")
    monkeypatch.setenv(clock.FILE, str(tmp_path / "clock"))

    with pytest.raises(clock.ClockUnreadable) as unreadable:
        await dispatcher.handle(a_record(a_selection()))

    assert is_transient(unreadable.value)


def test_suspicious_records_are_as_many_as_a_batch_holds(start: Callable[..., Dispatcher]) -> None:
    assert start(consumer_batch=7).poison.suspicious_records == 7
