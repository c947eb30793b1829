"""Made-up lives of cases as records on our topics: fifteen events of about 350 bytes each, as the services write them.

A round's cases move together, as in a real programme: all are submitted, then all are screened, and so on. What
companies do is spread over a month; what an office decides, it decides for many of them on the same day.
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
ROUND = 2_000  # cases that move together
PLACES = ("52110", "52130", "52140", "52180", "52190", "52210", "52710", "52720", "52730", "52740", "52750")
TRACKS = ("JS1", "JS2", "JS3")
SHARES = {"national": 50_000_000, "province": 10_000_000, "city": 20_000_000, "self": 20_000_000}
PUBLIC = {funder: won for funder, won in SHARES.items() if funder != "self"}


SLOTS = 24
EACH_ITS_OWN, ONE, SOME = range(1, 1 + SLOTS), (25,), (22, 24, 26, 28)  # days of a month


class Step(NamedTuple):
    """What happens, what the event says beside its case, and on which days of the month."""

    event: type[Event]
    said: Mapping[str, Any]
    days: Sequence[int]


class Made(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def uuid(kind: int, number: int) -> str:
    """A UUIDv7 in form; `kind` keeps the kinds apart."""
    time = f"{0x0190_0000_0000 + number:012x}"
    return f"{time[:8]}-{time[8:]}-7000-8000-{kind:012x}"


def month_of(step: int) -> int:
    return 3 + step // 2


def year_of(number: int) -> int:
    return 2022 + number // ROUND % 4


def slot_of(number: int) -> int:
    """Cases of one slot do everything on the same days."""
    return number // len(PROGRAMMES) % SLOTS


def day_of(step: int, slot: int) -> int:
    """Of the month."""
    days = LIFE[step].days
    return days[slot % len(days)]


def place_of(number: int) -> str:
    return PLACES[number // len(PROGRAMMES) % len(PLACES)]


def track_of(number: int) -> str:
    return TRACKS[number // len(PROGRAMMES) % len(TRACKS)]


# What differs from case to case stands in the patterns as these, and is put in for each.
CASE, COMPANY, MESSAGE, EVENT = (str(UUID(int=n, version=4)) for n in (0xCA, 0xC0, 0x3E, 0xEE))
OFFICER, APPROVER, REVIEWER, MENTOR = (uuid(n, 0) for n in (0x0F, 0xA9, 0x4E, 0x3A))
PROGRAMME, YEAR, DAY, NUMBER, PLACE, TRACK = "bench-programme-xx", 1111, 22, 3333333, "55555", "JSX"
EVIDENCE = "archive/2024/gimcheon/smart-factory/evidence/deposit-certificate-and-bank-statement-of-the-company/0001234567.pdf"

BASE = {"case_id": CASE, "programme_id": PROGRAMME}
ROUND_OF = {"round_id": f"{PROGRAMME}-{YEAR}", "year": YEAR}
SUBMITTED = {
    "company_id": COMPANY,
    "municipality": PLACE,
    "track": TRACK,
    "receipt_number": f"BP-{YEAR}-{NUMBER}-11",
    "total_krw": sum(SHARES.values()),
    "requested_krw": SHARES,
    "via": "application",
}
SCREENED = "공장등록증, 사업자등록증, 국세·지방세 완납증명을 확인함 / factory, business and tax certificates are in order"
SCORES = {"need": 30, "feasibility": 28, "effect": 25, "sustainability": 8, "region": 5}
SELECTED = {
    "reason": "모집 40개사 가운데 평가 순위 7위로 선정되었습니다 / ranked 7th, within the 40 places of the call",
    "via": "ranking",
}
AGREED = {
    "version": 1,
    "company_id": COMPANY,
    "year": YEAR,
    "municipality": PLACE,
    "starts_on": f"{YEAR}-04-01",
    "ends_on": f"{YEAR}-10-01",
    "total_krw": sum(SHARES.values()),
    "shares_krw": SHARES,
}
COMMITTED = {"company_id": COMPANY, "years": [{"fiscal_year": YEAR, "amounts_krw": PUBLIC}]}
TRANCHE = {"number": 1, "fiscal_year": YEAR, "due_on": f"{YEAR}-05-01", "amounts_krw": PUBLIC}
PAID = {"payment_id": uuid(0xBA, 1), "treasury_reference": "TR-2024-000001"}
MILESTONE = {"milestone": "completion", "due_on": f"{YEAR}-10-01", "completes": True}
TOLD = {"message_id": MESSAGE, "template": "company_selected", "channel": "email"}
ACCEPTED = {"provider_reference": "250 2.0.0 Ok: queued as 4bKXyz1234"}
WORK = {
    "company_id": COMPANY,
    "mentor_id": MENTOR,
    "work": "공정 데이터 수집 장치 설치와 설비 연동 상태를 점검하고 작업자 교육을 진행함 / data collection on the line, training of operators",
}

LIFE = (
    Step(ApplicationSubmitted, ROUND_OF | SUBMITTED, EACH_ITS_OWN),
    Step(ApplicationScreened, {"eligible": True, "reasons": [SCREENED]}, SOME),
    Step(
        ReviewSubmitted,
        {"reviewer_id": REVIEWER, "scores": SCORES, "conflict_of_interest": False},
        EACH_ITS_OWN,
    ),
    Step(CompanySelected, ROUND_OF | SELECTED | {"rank": 7, "score": "250/3"}, ONE),
    Step(MessageSent, TOLD | ACCEPTED, ONE),
    Step(AgreementSigned, AGREED, SOME),
    Step(FundsCommitted, COMMITTED, SOME),
    Step(TrancheScheduled, TRANCHE | {"milestone": "kickoff"}, SOME),
    Step(MilestoneScheduled, MILESTONE | {"company_id": COMPANY}, SOME),
    Step(
        SelfContributionConfirmed,
        {"fiscal_year": YEAR, "amount_krw": SHARES["self"], "evidence": EVIDENCE},
        EACH_ITS_OWN,
    ),
    Step(TrancheRequested, TRANCHE | {"requested_by": OFFICER}, EACH_ITS_OWN),
    Step(TrancheApproved, TRANCHE | {"approved_by": APPROVER}, SOME),
    Step(TrancheDisbursed, TRANCHE | PAID, SOME),
    Step(MentorVisited, WORK, EACH_ITS_OWN),
    Step(MilestoneAchieved, MILESTONE | {"evidence": EVIDENCE}, EACH_ITS_OWN),
)
EACH = len(LIFE)
TOPICS = sorted({step.event.topic for step in LIFE})


def pattern(step: int) -> Made:
    """A step of the life of any case, as a record."""
    event, said, _ = LIFE[step]
    sequence = 1 + sum(earlier.event.source == event.source for earlier in LIFE[:step])
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
    named = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    headers = [*named, ("content-type", b"application/json")]
    return Made(event.topic, CASE.encode(), orjson.dumps({"occurred_on": on, **BASE, **said}), headers)


PLACEHOLDERS = {
    CASE: "case",
    COMPANY: "company",
    MESSAGE: "message",
    PROGRAMME: "programme",
    str(YEAR): "year",
    str(NUMBER): "number",
    f'"{PLACE}"': "place",
    f'"{TRACK}"': "track",
}
OWN = ("ce_id", "ce_correlationid", "ce_subject", "ce_time")


def template(step: int, value: bytes) -> bytes:
    """The pattern's text, to be filled by `%`."""
    text = value.decode().replace("%", "%%")
    for placeholder, name in (PLACEHOLDERS | {f'-{DAY}"': f"day{step}"}).items():
        text = text.replace(placeholder, f"%({name})b")
    return text.encode()


PATTERNS = [pattern(step) for step in range(EACH)]
TEMPLATES = [
    (one.topic, template(step, one.value), [header for header in one.headers if header[0] not in OWN])
    for step, one in enumerate(PATTERNS)
]


def lives(events: int) -> Iterator[Made]:
    """So many events, each round's cases step by step."""
    left = events
    for first in range(0, -(-events // EACH), ROUND):
        together = range(first, min(first + ROUND, -(-events // EACH)))
        for step in range(EACH):
            for number in together[:left]:
                yield made(number, step)
            left -= min(left, len(together))


@lru_cache(2 * ROUND)
def words(number: int) -> dict[bytes, bytes]:
    """What differs from case to case; a round's cases move together, so each is asked for fifteen times."""
    slot = slot_of(number)
    days = {b"day%d" % step: b'-%02d"' % day_of(step, slot) for step in range(EACH)}
    return days | {
        b"case": uuid(0xCA, number).encode(),
        b"company": uuid(0xC0, number).encode(),
        b"message": uuid(0x3E, number).encode(),
        b"programme": PROGRAMMES[number % len(PROGRAMMES)],
        b"year": b"%d" % year_of(number),
        b"number": b"%07d" % number,
        b"time": b"%d-06-%02dT01:02:03.004Z" % (year_of(number), 1 + slot),
        b"place": b'"%s"' % place_of(number).encode(),
        b"track": b'"%s"' % track_of(number).encode(),
    }


def made(number: int, step: int) -> Made:
    """The record of a case's step."""
    topic, text, headers = TEMPLATES[step]
    own = words(number)
    event = uuid(step, number).encode()
    named = [
        ("ce_id", event),
        ("ce_correlationid", event),
        ("ce_subject", own[b"case"]),
        ("ce_time", own[b"time"]),
    ]
    return Made(topic, own[b"case"], text % own, named + headers)
