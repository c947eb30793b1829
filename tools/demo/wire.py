"""Kafka records of other systems' events: CloudEvents 1.0, binary mode.

The event id is derived from the step's key: a second play sends the same id with the same bytes, a duplicate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.events import Event, external

EVENT_IDS = uuid5(NAMESPACE_URL, "https://ieum.example.com/demo")
EVENTS: Mapping[str, type[Event]] = {
    event_type.name: event_type
    for event_type in vars(external).values()
    if isinstance(event_type, type) and issubclass(event_type, Event) and "name" in vars(event_type)
}


@dataclass(frozen=True)
class Record:
    """A record for the producer."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def to_record(step: str, name: str, data: Mapping[str, Any]) -> Record:
    """Build the record of an event; raises pydantic's ValidationError where `data` breaks the event's contract."""
    event_type = EVENTS[name]
    event = event_type.model_validate(data)
    attributes = {
        "specversion": "1.0",
        "id": str(uuid5(EVENT_IDS, step)),
        "source": event_type.source,
        "type": event_type.type(),
        "time": f"{event.occurred_on.isoformat()}T09:00:00+09:00",
        "subject": event.subject,
    }
    headers = [(f"ce_{attribute}", text.encode()) for attribute, text in attributes.items()]
    value = event.model_dump_json(exclude_none=True).encode()
    return Record(
        event_type.topic, event.subject.encode(), value, [*headers, ("content-type", b"application/json")]
    )
