"""The catalogue of events: names and schemas of all of them."""

import json
from typing import Any

import pytest

from shared.events import texts
from shared.events.catalogue import FOLDER, earlier_events, events, schemas

SCHEMAS = {name: json.loads(schema) for name, schema in schemas()}
PUBLISHED = {event.type() for event in events()}


def kinds(schema: dict[str, Any]) -> set[str]:
    return {definition["x-text"] for _, definition in texts.free_texts(schema)}


def test_every_event_has_a_unique_name_on_its_topic_and_a_committed_schema() -> None:
    names = [(event.topic, event.name) for event in events()]

    assert len(set(names)) == len(names) > 40
    assert {path.name: path.read_bytes() for path in FOLDER.glob("*.json")} == dict(schemas())


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_no_event_that_is_published_holds_a_sentence_that_was_composed(schema: dict[str, Any]) -> None:
    assert ("prose" in kinds(schema)) == (schema["$id"] not in PUBLISHED)


def test_text_without_a_kind_has_no_schema() -> None:
    schema = {"properties": {"remark": {"type": "array", "items": {"type": "string"}}}}

    with pytest.raises(KeyError, match="remark"):
        texts.annotate("comet.sighted.v1", schema)


def test_every_kind_is_of_a_text_that_some_event_has() -> None:
    fields = {
        name
        for event in events() + earlier_events()
        for field, _ in texts.free_texts(event.model_json_schema())
        for name in (field, f"{event.name}.{field}")
    }

    assert texts.KINDS.keys() <= fields


@pytest.mark.parametrize(
    ("definition", "is_free"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "maxLength": 5}, True),
        ({"type": "string", "pattern": "^a$"}, False),
        ({"type": "string", "enum": ["a"]}, False),
        ({"type": "string", "const": "a"}, False),
        ({"type": "string", "format": "date"}, False),
        ({"type": "integer"}, False),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"type": "object", "additionalProperties": {"type": "string"}}, True),
        ({"type": "object", "additionalProperties": False}, False),
    ],
)
def test_text_is_free_where_neither_a_form_nor_a_list_of_values_binds_it(
    definition: dict[str, Any], is_free: bool
) -> None:
    assert texts.is_free_text(definition) is is_free
