"""Generator of events: fifteen a case, of about 350 bytes each, as records like those the services publish.

The cases of a round move together, as in a real programme: all are submitted, then all are screened, and so on.
Steps of companies are spread over a month; an office decides on many cases on the same day.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from shared.events import Event
from shared.events.applications import (
    AgreementSigned,
    ApplicationScreened,
    ApplicationSubmitted,
    CompanySelected,
    ReviewSubmitted,
)
from shared.events.funding import (
    FundsCommitted,
    SelfContributionConfirmed,
    TrancheApproved,
    TrancheDisbursed,
    TrancheRequested,
    TrancheScheduled,
)
from shared.events.monitoring import MentorVisited, MilestoneAchieved, MilestoneScheduled
from shared.events.notifications import MessageSent

PROGRAMMES = tuple(b"bench-programme-%02d" % n for n in range(20))
CASES_PER_ROUND = 2_000  # cases that move together
MUNICIPALITIES = (
    "52110",
    "52130",
    "52140",
    "52180",
    "52190",
    "52210",
    "52710",
    "52720",
    "52730",
    "52740",
    "52750",
)
TRACKS = ("JS1", "JS2", "JS3")
SHARES = {"national": 50_000_000, "province": 10_000_000, "city": 20_000_000, "self": 20_000_000}
PUBLIC_SHARES = {funder: won for funder, won in SHARES.items() if funder != "self"}


SLOTS = 24
SPREAD_DAYS, ONE_DAY, FEW_DAYS = range(1, 1 + SLOTS), (25,), (22, 24, 26, 28)  # days of a month


class Step(NamedTuple):
    """A step of every case: its event, the event's fields besides the case's own, and the days of the month."""

    event: type[Event]
    fields: Mapping[str, Any]
    days: Sequence[int]


class GeneratedRecord(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def uuid(kind: int, number: int) -> str:
    """Return an id in the form of a UUIDv7, unique for each kind and number."""
    time = f"{0x0190_0000_0000 + number:012x}"
    return f"{time[:8]}-{time[8:]}-7000-8000-{kind:012x}"


def month_of(step: int) -> int:
    return 3 + step // 2


def year_of(number: int) -> int:
    return 2022 + number // CASES_PER_ROUND % 4


def slot_of(number: int) -> int:
    """Return the case's slot; cases of one slot take every step on the same days."""
    return number // len(PROGRAMMES) % SLOTS


def day_of(step: int, slot: int) -> int:
    """Return the day of the month of a step."""
    days = STEPS[step].days
    return days[slot % len(days)]


def municipality_of(number: int) -> str:
    return MUNICIPALITIES[number // len(PROGRAMMES) % len(MUNICIPALITIES)]


def track_of(number: int) -> str:
    return TRACKS[number // len(PROGRAMMES) % len(TRACKS)]


# Placeholders in the patterns for the values that differ from case to case.
CASE, COMPANY, MESSAGE, EVENT = (str(UUID(int=n, version=4)) for n in (0xCA, 0xC0, 0x3E, 0xEE))
OFFICER, APPROVER, REVIEWER, MENTOR = (uuid(n, 0) for n in (0x0F, 0xA9, 0x4E, 0x3A))
PROGRAMME, YEAR, DAY, NUMBER, MUNICIPALITY, TRACK = "bench-programme-xx", 1111, 22, 3333333, "55555", "JSX"
EVIDENCE = "archive/2024/gimcheon/smart-factory/evidence/deposit-certificate-and-bank-statement-of-the-company/0001234567.pdf"

BASE = {"case_id": CASE, "programme_id": PROGRAMME}
ROUND_OF = {"round_id": f"{PROGRAMME}-{YEAR}", "year": YEAR}
SUBMITTED = {
    "company_id": COMPANY,
    "municipality": MUNICIPALITY,
    "track": TRACK,
    "receipt_number": f"BP-{YEAR}-{NUMBER}-11",
    "total_krw": sum(SHARES.values()),
    "requested_krw": SHARES,
    "via": "application",
}
SCREENED = "공장등록증, 사업자등록증, 국세·지방세 완납증명을 확인함 / factory, business and tax certificates are in order"
SCORES = {"need": 30, "feasibility": 28, "effect": 25, "sustainability": 8, "region": 5}
SELECTED = {
    "via": "ranking",
    "ranking": {"applications": 176, "quota": 40, "reviews": 5, "trimmed": True, "tie_breaks": []},
}
AGREED = {
    "version": 1,
    "company_id": COMPANY,
    "year": YEAR,
    "municipality": MUNICIPALITY,
    "starts_on": f"{YEAR}-04-01",
    "ends_on": f"{YEAR}-10-01",
    "total_krw": sum(SHARES.values()),
    "shares_krw": SHARES,
}
COMMITTED = {"company_id": COMPANY, "years": [{"fiscal_year": YEAR, "amounts_krw": PUBLIC_SHARES}]}
TRANCHE = {"number": 1, "fiscal_year": YEAR, "due_on": f"{YEAR}-05-01", "amounts_krw": PUBLIC_SHARES}
PAYMENT_FIELDS = {"payment_id": uuid(0xBA, 1), "treasury_reference": "TR-2024-000001"}
MILESTONE = {"milestone": "completion", "due_on": f"{YEAR}-10-01", "completes": True}
MESSAGE_FIELDS = {"message_id": MESSAGE, "template": "company_selected", "channel": "email"}
ACCEPTED = {"provider_reference": "250 2.0.0 Ok: queued as 4bKXyz1234"}
VISIT = {
    "company_id": COMPANY,
    "mentor_id": MENTOR,
    "work": "공정 데이터 수집 장치 설치와 설비 연동 상태를 점검하고 작업자 교육을 진행함 / data collection on the line, training of operators",
}

STEPS = (
    Step(ApplicationSubmitted, ROUND_OF | SUBMITTED, SPREAD_DAYS),
    Step(ApplicationScreened, {"eligible": True, "reasons": [SCREENED]}, FEW_DAYS),
    Step(
        ReviewSubmitted,
        {"reviewer_id": REVIEWER, "scores": SCORES, "conflict_of_interest": False},
        SPREAD_DAYS,
    ),
    Step(CompanySelected, ROUND_OF | SELECTED | {"rank": 7, "score": "250/3"}, ONE_DAY),
    Step(MessageSent, MESSAGE_FIELDS | ACCEPTED, ONE_DAY),
    Step(AgreementSigned, AGREED, FEW_DAYS),
    Step(FundsCommitted, COMMITTED, FEW_DAYS),
    Step(TrancheScheduled, TRANCHE | {"milestone": "kickoff"}, FEW_DAYS),
    Step(MilestoneScheduled, MILESTONE | {"company_id": COMPANY}, FEW_DAYS),
    Step(
        SelfContributionConfirmed,
        {"fiscal_year": YEAR, "amount_krw": SHARES["self"], "evidence": EVIDENCE},
        SPREAD_DAYS,
    ),
    Step(TrancheRequested, TRANCHE | {"requested_by": OFFICER}, SPREAD_DAYS),
    Step(TrancheApproved, TRANCHE | {"approved_by": APPROVER}, FEW_DAYS),
    Step(TrancheDisbursed, TRANCHE | PAYMENT_FIELDS, FEW_DAYS),
    Step(MentorVisited, VISIT, SPREAD_DAYS),
    Step(MilestoneAchieved, MILESTONE | {"evidence": EVIDENCE}, SPREAD_DAYS),
)
EVENTS_PER_CASE = len(STEPS)
TOPICS = sorted({step.event.topic for step in STEPS})


def pattern(step: int) -> GeneratedRecord:
    """Return the record of a step with placeholders."""
    event, fields, _ = STEPS[step]
    sequence = 1 + sum(earlier.event.source == event.source for earlier in STEPS[:step])
    on = f"{YEAR}-{month_of(step):02}-{DAY}"
    attributes = {
        "specversion": "1.0",
        "id": EVENT,
        "source": event.source,
        "type": event.type(),
        "time": f"{on}T01:02:03.004Z",
        "subject": CASE,
        "correlationid": EVENT,
        "authtype": "user",
        "authid": OFFICER,
        "sequence": f"{sequence:020}",
    }
    event_headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    headers = [*event_headers, ("content-type", b"application/json")]
    value = orjson.dumps({"occurred_on": on, **BASE, **fields})
    return GeneratedRecord(event.topic, CASE.encode(), value, headers)


PLACEHOLDERS = {
    CASE: "case",
    COMPANY: "company",
    MESSAGE: "message",
    PROGRAMME: "programme",
    str(YEAR): "year",
    str(NUMBER): "number",
    f'"{MUNICIPALITY}"': "municipality",
    f'"{TRACK}"': "track",
}
OWN_HEADERS = ("ce_id", "ce_correlationid", "ce_subject", "ce_time")


def template(step: int, value: bytes) -> bytes:
    """Return the pattern's value with its placeholders as fields of `%`."""
    text = value.decode().replace("%", "%%")
    for placeholder, name in (PLACEHOLDERS | {f'-{DAY}"': f"day{step}"}).items():
        text = text.replace(placeholder, f"%({name})b")
    return text.encode()


PATTERNS = [pattern(step) for step in range(EVENTS_PER_CASE)]
TEMPLATES = [
    (
        record.topic,
        template(step, record.value),
        [header for header in record.headers if header[0] not in OWN_HEADERS],
    )
    for step, record in enumerate(PATTERNS)
]


def generate_records(events: int) -> Iterator[GeneratedRecord]:
    """Yield so many events, the cases of each round step by step."""
    remaining = events
    for first in range(0, -(-events // EVENTS_PER_CASE), CASES_PER_ROUND):
        together = range(first, min(first + CASES_PER_ROUND, -(-events // EVENTS_PER_CASE)))
        for step in range(EVENTS_PER_CASE):
            for number in together[:remaining]:
                yield generate(number, step)
            remaining -= min(remaining, len(together))


@lru_cache(2 * CASES_PER_ROUND)
def values_of(number: int) -> dict[bytes, bytes]:
    """Return the values of a case's placeholders; cached, as each case is generated step by step."""
    slot = slot_of(number)
    days = {b"day%d" % step: b'-%02d"' % day_of(step, slot) for step in range(EVENTS_PER_CASE)}
    return days | {
        b"case": uuid(0xCA, number).encode(),
        b"company": uuid(0xC0, number).encode(),
        b"message": uuid(0x3E, number).encode(),
        b"programme": PROGRAMMES[number % len(PROGRAMMES)],
        b"year": b"%d" % year_of(number),
        b"number": b"%07d" % number,
        b"time": b"%d-06-%02dT01:02:03.004Z" % (year_of(number), 1 + slot),
        b"municipality": b'"%s"' % municipality_of(number).encode(),
        b"track": b'"%s"' % track_of(number).encode(),
    }


def generate(number: int, step: int) -> GeneratedRecord:
    """Return the record of a case's step."""
    topic, text, headers = TEMPLATES[step]
    values = values_of(number)
    event_id = uuid(step, number).encode()
    own_headers = [
        ("ce_id", event_id),
        ("ce_correlationid", event_id),
        ("ce_subject", values[b"case"]),
        ("ce_time", values[b"time"]),
    ]
    return GeneratedRecord(topic, values[b"case"], text % values, own_headers + headers)
