"""Parts of the auditor: how a record is read, what an address looks like, when nothing is proven."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.builders import a_registration, kafka_record
from tests.chaos.checks.journals import Accepted, accepted_in
from tools.audit.catalogue import INVARIANTS
from tools.audit.evidence import Evidence
from tools.audit.invariant import LIMIT, SHOWN, Count, Finding, Invariant, Verdict, finding
from tools.audit.privacy import known_contacts
from tools.audit.store import Store, digest
from tools.audit.target import find_target
from tools.audit.topic_reader import Record
from tools.devstack.errors import StackError

COMPANY = "0190a1b2-0000-7000-8000-000000000001"


def test_every_invariant_is_there_but_the_audit_chain() -> None:
    assert [one.id for one in INVARIANTS] == [f"I{number}" for number in range(1, 13) if number != 9]


async def nothing(evidence: Evidence) -> Finding:
    return finding([])


def a_verdict(*violations: str, counts: tuple[Count, ...] = (Count(1, "하나", "one"),)) -> Verdict:
    return Verdict(Invariant("I0", "규칙", "rule", nothing), finding(counts, violations))


def test_an_invariant_that_looked_at_nothing_does_not_hold() -> None:
    assert a_verdict().ok
    assert not a_verdict(counts=(Count(5, "다섯", "five"), Count(0, "없음", "none"))).ok
    assert a_verdict(counts=(Count(5, "다섯", "five"), Count(0, "없음", "none", needed=False))).ok


def test_all_violations_are_counted_and_ten_are_shown() -> None:
    verdict = a_verdict(*map(str, range(25)))

    row = verdict.as_json()

    assert (verdict.ok, row["ok"]) == (False, False)
    assert (row["broken"], len(row["violations"])) == (25, SHOWN)


def test_more_violations_than_memory_holds_are_still_counted() -> None:
    def endless() -> Iterator[str]:
        yield from map(str, range(LIMIT + 5))

    found = finding([], endless())

    assert (found.broken, len(found.violations)) == (LIMIT + 5, LIMIT)


def a_record(**changes: Any) -> Record:
    sent = kafka_record(a_registration())
    fields = {"topic": sent["topic"], "partition": 0, "offset": 7, "key": sent["key"]}
    return Record(**fields | {"value": sent["value"], "headers": sent["headers"]} | changes)


def test_a_record_is_read_in_binary_and_in_structured_mode() -> None:
    binary = a_record()
    content = {**binary.attributes, "data": orjson.loads(binary.data)}
    headers = [("content-type", b"application/cloudevents+json")]

    structured = a_record(value=orjson.dumps(content), headers=headers)

    for record in (binary, structured):
        assert record.attributes["source"] == "/services/applications"
        assert orjson.loads(record.data) == content["data"]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"headers": []},
        {"headers": [("ce_id", b"\xff"), ("ce_source", b"s"), ("ce_type", b"t"), ("ce_subject", b"x")]},
        {"headers": [("content-type", b"application/cloudevents+json")], "value": b"{"},
        {"headers": [("content-type", b"application/cloudevents+json")], "value": b"[1]"},
    ],
    ids=["no body", "no headers", "bytes that are no text", "no JSON", "no object"],
)
def test_what_is_no_cloudevent_has_no_attributes(changes: dict[str, Any]) -> None:
    assert a_record(**changes).attributes == {}


CONTACTS = known_contacts(
    [{"company_id": COMPANY, "email": "Kim.Lee+office@company.example.com", "phone": "+821023456789"}]
)


@pytest.mark.parametrize(
    "text",
    [
        "to=kim.lee+office@company.example.com.",
        "KIM.LEE+OFFICE@COMPANY.EXAMPLE.COM",
        "/recipients?email=kim.lee%2Boffice%40company.example.com",
        '"phone":"+821023456789"',
        "tel 010-2345-6789",
        "01023456789",
        "+82 10-2345-6789",
        "(010) 2345 6789",
        "sent 3 2025-01-20 010-2345-6789",
    ],
)
def test_an_address_is_found_however_it_is_written(text: str) -> None:
    assert CONTACTS.companies_in(text) == {COMPANY}


@pytest.mark.parametrize(
    "text",
    ["k***@company.example.com", "010-****-6789", "1023456789 won", "00000000000000000012", "", "0102345678"],
)
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    assert CONTACTS.companies_in(text) == set()


# The store.


def a_row(record: tuple[str, int, int], published: bytes) -> tuple[Any, ...]:
    """A record of ours with the columns that the store looks at."""
    attributes = ("/services/funding", "e", "t", "n", "s", 1, None)
    return (*record, False, *attributes, published, b"payload", b"bytes", b"key", b"value", "[]", None)


def test_a_record_that_repeats_its_event_is_stored_without_its_bytes() -> None:
    store, same, other = Store(), digest(b"same"), digest(b"other")
    event = ("funding", 1, "e", "/services/funding", "ieum.funding", "s", 1, "t", "n", "2024-01-01")
    store.insert("event", [(*event, None, None, None, None, same, b"content", "{}")])

    store.insert_records([a_row(("ieum.funding", 0, 0), same), a_row(("ieum.funding", 0, 1), other)])

    stored = [
        (row["offset"], row["value"]) for row in store.query("select offset, value from record order by 1")
    ]
    assert stored == [(0, None), (1, b"value")]
    store.close()


def test_a_missing_part_has_another_digest_than_an_empty_one() -> None:
    assert len({digest(None), digest(b""), digest(b"a", b"b"), digest(b"ab")}) == 4


# The target.


def test_urls_come_before_the_environment_and_both_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IEUM_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.delenv("IEUM_DATABASE_URL", raising=False)

    target = find_target("postgresql://auditor@db/ieum", None, None)

    assert (target.database_url, target.kafka) == ("postgresql://auditor@db/ieum", "kafka:9092")
    assert (target.processes, target.logs) == (None, None)
    with pytest.raises(StackError, match="--database-url"):
        find_target(None, "other:9092", None)


def test_a_folder_without_a_stack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="ieum up"):
        find_target(None, None, tmp_path)


# The providers' journals, of a run with a history.


def test_accepted_messages_are_read_from_the_journals(tmp_path: Path) -> None:
    """A mail by its Message-ID; a text whose state changed counts once, one that was refused not at all."""
    text = {"customFields": {"messageId": "second"}}
    lines: dict[str, list[dict[str, object]]] = {
        "mails.jsonl": [{"id": "m", "message_id": "<first@ieum.example.com>"}],
        "sms.jsonl": [
            text | {"id": "t", "state": "accepted"},
            text | {"id": "t", "state": "delivered"},
            {"id": "r", "state": "refused", "customFields": {"messageId": "third"}},
        ],
    }
    for name, rows in lines.items():
        whole = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        (tmp_path / name).write_bytes(whole + b'{"id": "half')

    assert accepted_in(tmp_path) == [Accepted("email", "first"), Accepted("sms", "second")]
