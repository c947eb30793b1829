"""Every event of the contract, and its schema as a file: `python -m shared.events.catalogue` writes docs/events."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from shared.events import Event, applications, external, funding, monitoring, notifications

PUBLISHERS = (applications, external, funding, monitoring, notifications)
FOLDER = Path(__file__).parents[2] / "docs" / "events"


def events() -> list[type[Event]]:
    """Every class that has a wire name, by topic and name."""
    found = {event for module in PUBLISHERS for event in vars(module).values() if is_event(event)}
    return sorted(found, key=lambda event: (event.topic, event.name))


def is_event(value: object) -> bool:
    """A base class lacks the name or the topic."""
    return (
        isinstance(value, type)
        and issubclass(value, Event)
        and hasattr(value, "name")
        and hasattr(value, "topic")
    )


def schemas() -> Iterator[tuple[str, bytes]]:
    """File name and JSON Schema (2020-12) of each event."""
    for event in events():
        schema = event.model_json_schema(mode="validation")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": event.type()}
        wire = {"x-topic": event.topic, "x-source": event.source}
        file = f"{event.topic.removeprefix('ieum.')}.{event.name}.json"
        yield file, orjson.dumps(head | wire | schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = dict(schemas())
    for old in folder.glob("*.json"):
        if old.name not in kept:
            old.unlink()
    for name, content in kept.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write()
