"""Spans of publishing, handling and folding events, named by OpenTelemetry's conventions for messaging.

Written here because no instrumentation of aiokafka or FastStream traces them: the relay sends batches and not records,
events carry `ce_traceparent` through the outbox, and a batch of records is folded at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.trace import SpanKind

from shared.messaging.cloudevents import Envelope, Headers
from shared.messaging.kafka import Record
from shared.messaging.outbox import OutboxRecord
from shared.observability import tracing
from shared.observability.tracing import SpanSpec

Spans = AbstractContextManager[Any]


def publishing(events: Sequence[OutboxRecord]) -> Spans:
    """Trace a batch until the broker acknowledges it; the spans of an event's consumers are its siblings, not its children."""
    specs = [publish_spec(event) for event in events] if tracing.is_on() else ()
    return tracing.spans(SpanKind.PRODUCER, specs)


def handling(group: str, record: Record, envelope: Envelope) -> Spans:
    """Trace the handling of one record, within its transaction."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    attributes = message("process", record.topic, envelope.id) | consumed(group, record)
    return tracing.span(f"handle {envelope.type}", SpanKind.CONSUMER, envelope.traceparent, attributes)


def folding(group: str, records: Iterable[Record], event_types: Mapping[str, object]) -> Spans:
    """Trace a batch that is folded at once: a span, as long as the batch takes, for each record of a sampled trace."""
    if not tracing.is_on():
        return tracing.NO_SPANS
    specs = [fold_spec(group, record, event_types) for record in records]
    return tracing.spans(SpanKind.CONSUMER, [spec for spec in specs if spec is not None])


def publish_spec(event: OutboxRecord) -> SpanSpec:
    headers = texts(event.headers)
    attributes = message("send", event.topic, headers["ce_id"])
    return SpanSpec(f"publish {event.topic}", headers.get("ce_traceparent"), attributes)


def fold_spec(group: str, record: Record, event_types: Mapping[str, object]) -> SpanSpec | None:
    headers = texts(record.headers)
    if headers.get("ce_type") not in event_types:
        return None
    attributes = message("process", record.topic, headers.get("ce_id", "")) | consumed(group, record)
    return SpanSpec(f"fold {headers['ce_type']}", headers.get("ce_traceparent"), attributes)


def texts(headers: Headers) -> dict[str, str]:
    """Decode headers; bytes that are no text are replaced, since the record's handling reports them."""
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


def message(operation: str, topic: str, id: str) -> dict[str, str | int]:
    """Return the attributes of a message, without its key: an external system's may contain anything."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        "messaging.message.id": id,
    }


def consumed(group: str, record: Record) -> dict[str, str | int]:
    """Return the attributes of a consumed record: its consumer group, partition and offset."""
    return {
        "messaging.consumer.group.name": group,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
    }
