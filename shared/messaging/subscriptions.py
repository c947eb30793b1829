"""Subscriptions of a consumer or projector: the event types it handles, and what becomes of other types."""

from collections.abc import Iterable

from shared.errors import Malformed
from shared.events import Event


class Subscriptions:
    """The event types that a consumer or projector subscribes to, and their topics."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self.types = {event.type(): event for event in events}
        self.topics = sorted({event.topic for event in self.types.values()})
        self.known_types = {without_version(type): type for type in self.types}

    def event_type(self, type: str) -> type[Event] | None:
        """Return the event's class, None for a type without subscription; raise Malformed for an unknown version."""
        if event := self.types.get(type):
            return event
        if known := self.known_types.get(without_version(type)):
            raise Malformed(f"모르는 판입니다: {type}. 아는 판은 {known} / a version that we do not know")
        return None


def refuse_wrong_source(event: type[Event], source: str, topic: str) -> None:
    """Raise Malformed where the event comes from another source, or on another topic, than its type's own."""
    if source != event.source or topic != event.topic:
        raise Malformed(
            f"{event.type()}은(는) {event.source}이(가) {event.topic}에만 보낼 수 있습니다 "
            f"/ only {event.source} may send this, to {event.topic}"
        )


def without_version(type: str) -> str:
    """Return an event type without its version."""
    return type.rpartition(".v")[0]
