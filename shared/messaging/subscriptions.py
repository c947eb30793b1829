"""Which event a record is to those who hear some: one of theirs, nobody's here, or one that cannot be."""

from collections.abc import Iterable

from shared.errors import Malformed
from shared.events import Event


class Subscriptions:
    """The events that a consumer or a projector hears, by their type."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self.types = {event.type(): event for event in events}
        self.topics = sorted({event.topic for event in self.types.values()})
        self.versions = {without_version(type): type for type in self.types}

    def event_type(self, type: str) -> type[Event] | None:
        """The event's class, None where nobody here hears it; Malformed for an unknown version of one that is heard."""
        if event := self.types.get(type):
            return event
        if heard := self.versions.get(without_version(type)):
            raise Malformed(f"모르는 판입니다: {type}. 아는 판은 {heard} / a version that we do not know")
        return None


def refuse_wrong_source(event: type[Event], source: str, topic: str) -> None:
    """Malformed where the event came from another than its source, or on another topic than its own."""
    if source != event.source or topic != event.topic:
        raise Malformed(
            f"{event.type()}은(는) {event.source}이(가) {event.topic}에만 보낼 수 있습니다 "
            f"/ only {event.source} may send this, to {event.topic}"
        )


def without_version(type: str) -> str:
    """The type without its version."""
    return type.rpartition(".v")[0]
