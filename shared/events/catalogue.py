"""Catalogue of all events and their JSON Schemas: `python -m shared.events.catalogue` writes docs/events."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from shared.events import Event, applications, external, funding, monitoring, notifications, texts
from shared.events.upcasting import upcasters_to

PUBLISHERS = (applications, external, funding, monitoring, notifications)
FOLDER = Path(__file__).parents[2] / "docs" / "events"


def events() -> list[type[Event]]:
    """Return the newest version of every event, by topic and name."""
    published = {event for module in PUBLISHERS for event in vars(module).values() if is_event(event)}
    return sorted(published, key=lambda event: (event.topic, event.name))


def earlier_events() -> list[type[Event]]:
    """Return the versions that are published no more and still read, by topic and name."""
    published = {upcaster.earlier for event in events() for upcaster in upcasters_to(event)}
    return sorted(published, key=lambda event: (event.topic, event.name))


def is_event(value: object) -> bool:
    """Return whether the value is an event class with a name and a topic; base classes lack one."""
    return (
        isinstance(value, type)
        and issubclass(value, Event)
        and hasattr(value, "name")
        and hasattr(value, "topic")
    )


def schemas() -> Iterator[tuple[str, bytes]]:
    """Yield the file name and JSON Schema (2020-12) of each event, in every version that is read."""
    for event in events() + earlier_events():
        schema = event.model_json_schema(mode="validation")
        texts.annotate(event.name, schema)
        header = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": event.type()}
        wire = {"x-topic": event.topic, "x-source": event.source}
        file = f"{event.topic.removeprefix('ieum.')}.{event.name}.json"
        yield (
            file,
            orjson.dumps(header | wire | schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
        )


def write(folder: Path = FOLDER) -> None:
    """Write the schemas and delete those of events that no longer exist."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = dict(schemas())
    for old in folder.glob("*.json"):
        if old.name not in contents:
            old.unlink()
    for name, content in contents.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write()
