"""The auditor's own parts: who hears what, how a record is read, what an address looks like, when nothing is proven."""

from typing import Any

import orjson
import pytest

from services.applications.main import SERVICE as APPLICATIONS
from services.funding.main import SERVICE as FUNDING
from services.monitoring.main import SERVICE as MONITORING
from services.notifications.main import SERVICE as NOTIFICATIONS
from shared.service import Service
from tests.builders import a_registration, kafka_record
from tools.audit.catalogue import INVARIANTS
from tools.audit.cli import refuse_both
from tools.audit.evidence import Evidence
from tools.audit.invariant import SHOWN, Count, Finding, Invariant, Verdict
from tools.audit.privacy import canaries_of
from tools.audit.subscriptions import CONSUMERS, FOLDED, source_of
from tools.audit.topic_reader import Seen
from tools.devstack.errors import StackError

COMPANY = "0190a1b2-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "service", [APPLICATIONS, FUNDING, MONITORING, NOTIFICATIONS], ids=lambda it: it.name
)
def test_the_auditor_knows_what_each_service_hears(service: Service) -> None:
    assert CONSUMERS[service.name] == frozenset(service.handlers)


def test_the_auditor_knows_what_the_board_folds() -> None:
    heard = frozenset(event for projection in MONITORING.projections for event in projection.subscribes_to)

    assert heard == FOLDED


def test_every_invariant_is_there_but_the_audit_chain() -> None:
    assert [one.id for one in INVARIANTS] == [f"I{number}" for number in range(1, 13) if number != 9]


async def nothing(evidence: Evidence) -> Finding:
    return Finding([], [])


def a_verdict(*violations: str, counts: tuple[Count, ...] = (Count(1, "하나", "one"),)) -> Verdict:
    return Verdict(Invariant("I0", "규칙", "rule", nothing), Finding(counts, violations))


def test_an_invariant_that_looked_at_nothing_does_not_hold() -> None:
    assert a_verdict().ok
    assert not a_verdict(counts=(Count(5, "다섯", "five"), Count(0, "없음", "none"))).ok
    assert a_verdict(counts=(Count(5, "다섯", "five"), Count(0, "없음", "none", needed=False))).ok


def test_all_violations_are_counted_and_ten_are_shown() -> None:
    verdict = a_verdict(*map(str, range(25)))

    said = verdict.as_json()

    assert (verdict.ok, said["ok"]) == (False, False)
    assert (said["broken"], len(said["violations"])) == (25, SHOWN)


def a_record(**changes: Any) -> Seen:
    sent = kafka_record(a_registration())
    fields = {"topic": sent["topic"], "partition": 0, "offset": 7, "key": sent["key"]}
    return Seen(**fields | {"value": sent["value"], "headers": sent["headers"]} | changes)


def test_a_record_is_read_in_binary_and_in_structured_mode() -> None:
    binary = a_record()
    content = {**binary.attributes, "data": orjson.loads(binary.data)}
    headers = [("content-type", b"application/cloudevents+json")]

    structured = a_record(value=orjson.dumps(content), headers=headers)

    for record in (binary, structured):
        assert record.attributes["source"] == source_of("applications")
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


CANARIES = canaries_of(
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
    assert CANARIES.owners(text) == {COMPANY}


@pytest.mark.parametrize(
    "text",
    ["k***@company.example.com", "010-****-6789", "1023456789 won", "00000000000000000012", "", "0102345678"],
)
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    assert CANARIES.owners(text) == set()


def test_comparing_and_replacing_are_not_asked_for_at_once() -> None:
    with pytest.raises(StackError, match="--verify"):
        refuse_both(verify=True, swap=True)
    refuse_both(verify=True, swap=False)
    refuse_both(verify=False, swap=True)
