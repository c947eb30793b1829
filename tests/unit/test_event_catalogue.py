"""The catalogue of events: names and schemas of all of them."""

from shared.events.catalogue import FOLDER, events, schemas


def test_every_event_has_a_unique_name_on_its_topic_and_a_committed_schema() -> None:
    names = [(event.topic, event.name) for event in events()]

    assert len(set(names)) == len(names) > 40
    assert {path.name: path.read_bytes() for path in FOLDER.glob("*.json")} == dict(schemas())
