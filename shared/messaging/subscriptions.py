"""Subscriptions of a consumer or projector: the event types it handles, and what becomes of other types."""

from collections.abc import Iterable

from shared.errors import Malformed
from shared.events import Event
from shared.events.upcasting import upcasters_to


class Subscriptions:
    """The event types that a consumer or projector subscribes to, and their topics.

    Events are subscribed to in their newest version; their earlier ones are read as the newest.
    """

    def __init__(self, events: Iterable[type[Event]]) -> None:
        newest = {event.type(): event for event in events}
        self.upcasters = {
            upcaster.earlier.type(): upcaster for event in newest.values() for upcaster in upcasters_to(event)
        }
        self.types = newest | {type: upcaster.newer for type, upcaster in self.upcasters.items()}
        self.topics = sorted({event.topic for event in newest.values()})
        self.known_types = {without_version(type): type for type in newest}

    def event_type(self, type: str) -> type[Event] | None:
        """Return the event's newest class, None for a type without subscription; Malformed for an unknown version."""
        if event := self.types.get(type):
            return event
        if known := self.known_types.get(without_version(type)):
            raise Malformed(f"모르는 판입니다: {type}. 아는 판은 {known} / a version that we do not know")
        return None

    def parse(self, type: str, data: bytes) -> Event:
        """Return an event that is subscribed to, in its newest version. Raises ValidationError."""
        if upcaster := self.upcasters.get(type):
            return upcaster.parse(data)
        return self.types[type].model_validate_json(data)


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
