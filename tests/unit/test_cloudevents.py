"""CloudEvents on the wire, and masking in logs."""

import re
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import BaseModel, ValidationError, model_validator

from shared.errors import Malformed
from shared.messaging.cloudevents import DATA_LIMIT, explain, new_attributes, read
from shared.observability.logs import correlated, mask
from tests.builders import a_selection, kafka_record

EVENT = a_selection()
RECORD = kafka_record(EVENT, 7)


def test_binary_mode_has_the_envelope_in_headers() -> None:
    envelope, data = read(RECORD["headers"], RECORD["value"])

    assert (envelope.type, envelope.source) == ("kr.ieum.company.selected.v2", "/services/applications")
    assert (envelope.subject, envelope.sequence) == (str(EVENT.case_id), "00000000000000000007")
    assert type(EVENT).model_validate_json(data) == EVENT


@pytest.mark.parametrize(
    "content_type", [b"application/cloudevents+json", b"Application/CloudEvents+json; charset=UTF-8"]
)
def test_structured_mode_is_read_as_well(content_type: bytes) -> None:
    body: dict[str, Any] = {
        name[3:]: value.decode() for name, value in RECORD["headers"] if name.startswith("ce_")
    }
    body["data"] = EVENT.model_dump(mode="json")

    envelope, data = read([("content-type", content_type)], orjson.dumps(body))

    assert envelope == read(RECORD["headers"], RECORD["value"])[0]
    assert type(EVENT).model_validate_json(data) == EVENT


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], b"{}"),
        ([("ce_id", None)], b"{}"),
        ([("ce_id", b"\xff")], b"{}"),
        (RECORD["headers"], None),
        (RECORD["headers"], b"x" * 900_001),
        ([("content-type", b"application/cloudevents+json")], b"[]"),
        ([("content-type", b"application/cloudevents+json")], b"\xef\xbb\xbf{}"),
        ([*RECORD["headers"], ("ce_time", b"yesterday")], b"{}"),
        ([*RECORD["headers"], ("ce_specversion", b"0.3")], b"{}"),
        ([*RECORD["headers"], ("ce_sequence", b"7")], b"{}"),
    ],
)
def test_invalid_cloudevent_is_malformed_with_a_reason_in_both_languages(
    headers: Any, value: bytes | None
) -> None:
    with pytest.raises(Malformed, match="/"):
        read(headers, value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"{}", "has a `data` member"), (b"[]", "has a `data` member"), (b"{", "JSONDecodeError")],
)
def test_malformed_structured_event_is_refused_for_what_it_lacks(value: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read([("content-type", b"application/cloudevents+json")], value)


def test_data_of_exactly_the_limit_is_read() -> None:
    data = b"x" * DATA_LIMIT

    assert read(RECORD["headers"], data)[1] == data


def test_headers_of_others_are_no_attributes() -> None:
    headers = [*RECORD["headers"], ("x_subject", b"other"), ("traceparent", b"\xff")]

    assert read(headers, b"{}")[0] == read(RECORD["headers"], b"{}")[0]


def test_new_event_has_the_attributes_of_the_standard_and_begins_its_own_correlation() -> None:
    attributes = new_attributes(EVENT)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", attributes.pop("time"))
    assert UUID(attributes["id"]).version == 7
    assert attributes == {
        "specversion": "1.0",
        "id": attributes["id"],
        "source": "/services/applications",
        "type": "kr.ieum.company.selected.v2",
        "subject": str(EVENT.case_id),
        "correlationid": attributes["id"],
    }


class Lines(BaseModel):
    """A body with nested fields, and a rule about all of them."""

    lines: dict[str, int]

    @model_validator(mode="after")
    def check(self) -> "Lines":
        raise ValueError("kim@example.com")


def test_explanation_names_each_broken_field_and_not_its_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Lines.model_validate({"lines": dict.fromkeys("abcdefg", "kim")})

    first = "lines.a: Input should be a valid integer, unable to parse string as an integer"
    assert explain(refused.value).split("; ")[0] == first
    assert [part.partition(":")[0] for part in explain(refused.value).split("; ")] == [
        f"lines.{name}" for name in "abcde"
    ]


def test_explanation_of_a_rule_about_all_fields_names_none_of_them() -> None:
    with pytest.raises(ValidationError) as refused:
        Lines.model_validate({"lines": {}})

    assert explain(refused.value).startswith("전체: Value error")


def test_explanation_of_another_error_is_its_class() -> None:
    assert explain(TypeError("kim@example.com")) == "TypeError"


def test_event_carries_its_cause_correlation_and_caller() -> None:
    with correlated(
        causationid="cause", correlationid="request", authid="K-0412", authtype="user", traceparent=None
    ):
        attributes = dict(kafka_record(EVENT)["headers"])

    assert (attributes["ce_causationid"], attributes["ce_correlationid"]) == (b"cause", b"request")
    assert attributes["ce_authid"] == b"K-0412"
    assert "ce_traceparent" not in attributes


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ({"note": "to kim@example.com now"}, {"note": "to *** now"}),
        ({"note": "010-1234-5678"}, {"note": "***"}),
        ({"email": "kim"}, {"email": "***"}),
        ({"authorization": "Bearer x"}, {"authorization": "***"}),
        ({"url": "postgresql://ieum:secret@127.0.0.1/ieum"}, {"url": "postgresql://ieum:***@127.0.0.1/ieum"}),
        ({"amount_krw": 5, "event": "tranche.paid"}, {"amount_krw": 5, "event": "tranche.paid"}),
    ],
)
def test_logs_mask_personal_and_secret_values_and_nothing_else(
    line: dict[str, Any], masked: dict[str, Any]
) -> None:
    assert mask(None, "info", line) == masked
