"""Spans of published, handled and folded records: their names, parents and attributes."""

from typing import Any
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from shared.events.applications import CompanySelected
from shared.messaging.cloudevents import read
from shared.messaging.outbox import OutboxRecord
from shared.messaging.spans import folding, handling, publishing
from shared.observability import tracing
from tests.builders import a_selection, kafka_record
from tests.memory import MemoryRecord
from tests.tracing import RecordedSpans, attributes_of, record_spans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RECORDED = f"00-{TRACE}-00f067aa0ba902b7-01"
TYPES = {CompanySelected.type(): CompanySelected}
EVENT = {"id": "event-1", "traceparent": RECORDED}
CONSUMED = {
    "messaging.system": "kafka",
    "messaging.operation.type": "process",
    "messaging.destination.name": "ieum.applications",
    "messaging.message.id": "event-1",
    "messaging.consumer.group.name": "funding",
    "messaging.destination.partition.id": "3",
    "messaging.kafka.offset": 17,
}


def a_record(**attributes: str) -> MemoryRecord:
    """Return a consumed record of partition 3 at offset 17."""
    sent = kafka_record(a_selection(UUID(int=1)), 1, **EVENT | attributes)
    return MemoryRecord(offset=17, partition=3, **sent)


def without(header: str, record: MemoryRecord) -> MemoryRecord:
    record.headers = [(name, value) for name, value in record.headers if name != header]
    return record


def the_span(spans: RecordedSpans, name: str, kind: SpanKind) -> ReadableSpan:
    """Return the only span, which has this name and kind and continues the event's trace."""
    [span] = spans.spans
    assert (span.name, span.kind) == (name, kind)
    assert f"{span.context.trace_id:032x}" == TRACE
    return span


def test_published_event_has_a_span_that_names_its_topic_and_id() -> None:
    sent = kafka_record(a_selection(), 1, **EVENT)
    event = OutboxRecord(1, sent["topic"], sent["key"], sent["value"], sent["headers"])

    with record_spans() as spans, publishing([event]):
        pass

    span = the_span(spans, "publish ieum.applications", SpanKind.PRODUCER)
    assert attributes_of(span) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.destination.name": "ieum.applications",
        "messaging.message.id": "event-1",
    }


def test_handled_record_has_a_span_that_names_its_group_and_position() -> None:
    record = a_record()
    envelope, _ = read(record.headers, record.value)

    with record_spans() as spans, handling("funding", record, envelope):
        pass

    span = the_span(spans, "handle kr.ieum.company.selected.v2", SpanKind.CONSUMER)
    assert attributes_of(span) == CONSUMED


def test_each_folded_record_of_a_known_type_has_a_span() -> None:
    other = a_record(type="kr.ieum.company.rejected.v2")

    with record_spans() as spans, folding("funding", [other, a_record()], TYPES):
        pass

    span = the_span(spans, "fold kr.ieum.company.selected.v2", SpanKind.CONSUMER)
    assert attributes_of(span) == CONSUMED


@pytest.mark.parametrize("headers", [[], [("ce_id", None)]], ids=["missing", "null"])
def test_folded_record_without_an_id_has_a_span_with_an_empty_one(headers: list[Any]) -> None:
    record = without("ce_id", a_record())
    record.headers += headers

    with record_spans() as spans, folding("funding", [record], TYPES):
        pass

    span = the_span(spans, "fold kr.ieum.company.selected.v2", SpanKind.CONSUMER)
    assert attributes_of(span)["messaging.message.id"] == ""


def test_header_bytes_that_are_no_text_are_replaced() -> None:
    record = without("ce_id", a_record())
    record.headers += [("ce_id", b"kim\xff")]

    with record_spans() as spans, folding("funding", [record], TYPES):
        pass

    span = the_span(spans, "fold kr.ieum.company.selected.v2", SpanKind.CONSUMER)
    assert attributes_of(span)["messaging.message.id"] == "kim�"


def test_records_are_not_looked_at_while_tracing_is_off() -> None:
    records: Any = [None]

    with publishing(records) as published, folding("funding", records, TYPES) as folded:
        assert (published, folded) == ((), ())
    assert handling("funding", records[0], records[0]) is tracing.NO_SPAN
