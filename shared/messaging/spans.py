"""The spans of an event's way: published, handled, folded; in the words of OpenTelemetry's messaging conventions."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from shared.messaging.cloudevents import Envelope, Headers
from shared.messaging.kafka import Record
from shared.messaging.outbox import OutboxRecord
from shared.observability import tracing
from shared.observability.tracing import SpanKind, SpanSpec

Spans = AbstractContextManager[Any]


def publishing(events: Sequence[OutboxRecord]) -> Spans:
    """From the hand-over to the broker's acknowledgement; beside what the event leads to, not above it."""
    return tracing.spans(SpanKind.PRODUCER, [published(one) for one in events] if tracing.is_on() else ())


def handling(group: str, record: Record, envelope: Envelope) -> Spans:
    """Within the transaction of the handler."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    said = about("process", record.topic, envelope.id) | heard_at(group, record)
    return tracing.span(f"handle {envelope.type}", SpanKind.CONSUMER, envelope.traceparent, said)


def folding(group: str, records: Iterable[Record], heard: Mapping[str, object]) -> Spans:
    """A batch is folded as one: each record whose trace is recorded gets the batch's time."""
    planned = [one for record in records if (one := folded(group, record, heard))] if tracing.is_on() else ()
    return tracing.spans(SpanKind.CONSUMER, planned)


def published(event: OutboxRecord) -> SpanSpec:
    said = attributes(event.headers)
    named = about("send", event.topic, said["ce_id"])
    return SpanSpec(f"publish {event.topic}", said.get("ce_traceparent"), named)


def folded(group: str, record: Record, heard: Mapping[str, object]) -> SpanSpec | None:
    said = attributes(record.headers)
    if said.get("ce_type") not in heard:
        return None
    named = about("process", record.topic, said.get("ce_id", "")) | heard_at(group, record)
    return SpanSpec(f"fold {said['ce_type']}", said.get("ce_traceparent"), named)


def attributes(headers: Headers) -> dict[str, str]:
    """A record may come with anything in its headers: what is no text is left to those who must read it."""
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


def about(operation: str, topic: str, id: str) -> dict[str, str | int]:
    """Without the key: an outsider's may be anything. The id and the place find the record."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        "messaging.message.id": id,
    }


def heard_at(group: str, record: Record) -> dict[str, str | int]:
    return {
        "messaging.consumer.group.name": group,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
    }
