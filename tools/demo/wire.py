"""An event of another system as it goes onto that system's topic: CloudEvents 1.0, binary mode.

Its id is made of the step's key: a second play sends the same id with the same bytes, a duplicate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.events import Event, external

STEPS = uuid5(NAMESPACE_URL, "https://ieum.example.com/demo")
EVENTS: Mapping[str, type[Event]] = {
    kind.name: kind
    for kind in vars(external).values()
    if isinstance(kind, type) and issubclass(kind, Event) and "name" in vars(kind)
}


@dataclass(frozen=True)
class Record:
    """What the producer is given."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def record(step: str, name: str, data: Mapping[str, Any]) -> Record:
    """The event, checked against its contract; raises pydantic's ValidationError where it does not fit."""
    kind = EVENTS[name]
    event = kind.model_validate(data)
    attributes = {
        "specversion": "1.0",
        "id": str(uuid5(STEPS, step)),
        "source": kind.source,
        "type": kind.type(),
        "time": f"{event.occurred_on.isoformat()}T09:00:00+09:00",
        "subject": event.subject,
    }
    headers = [(f"ce_{attribute}", text.encode()) for attribute, text in attributes.items()]
    value = event.model_dump_json(exclude_none=True).encode()
    return Record(
        kind.topic, event.subject.encode(), value, [*headers, ("content-type", b"application/json")]
    )
