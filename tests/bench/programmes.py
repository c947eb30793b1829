"""Programmes of the generated cases, as events: definitions with everything that a page can show, and rounds."""

from collections.abc import Iterator
from typing import Any

import orjson

from shared.events.applications import ProgrammeEvent, ProgrammePublished, RoundAgreed, RoundOpened
from tests.bench import event_generator
from tests.bench.event_generator import MUNICIPALITIES, PROGRAMMES, SHARES, TRACKS, GeneratedRecord

YEARS = range(2022, 2026)
RATIO = {"national": 50, "province": 10, "city": 20, "self": 20}
KRW_PER_YEAR = 2_500 * sum(SHARES.values())  # won: a programme's 2,500 cases of a year
MEANS = {"JS1": "부분별 표준화", "JS2": "생산실적 자동 집계", "JS3": "실시간 의사결정"}

DEFINITION: dict[str, Any] = {
    "office_ko": "전북특별자치도와 11개 시군",
    "office_en": "Jeonbuk Province and its 11 cities and counties",
    "region": "52",
    "first_year": YEARS[0],
    "last_year": YEARS[-1] + 1,
    "term_from": YEARS[0],
    "entry": "application",
    "funders": RATIO,
    "remainder_to": "self",
    "plan": [
        {"period": str(year), "funder": funder, "amount_krw": KRW_PER_YEAR * share // 100}
        for year in YEARS
        for funder, share in RATIO.items()
    ],
    "planned_companies": [
        {"count": 12_000},
        *({"year": YEARS[-1] + 1, "track": track, "count": 700} for track in TRACKS),
    ],
    "max_support": {"numerator": 4, "denominator": 5},
    "municipalities": list(MUNICIPALITIES),
    "mentors": 300,
    "tracks": [
        {"id": id, "name_ko": f"{id} 단계", "name_en": f"Level {id}", "means_ko": means}
        for id, means in MEANS.items()
    ],
    "tranches": [{"number": 1, "name_ko": "지원금", "name_en": "Support", "part": 1, "milestone": "kickoff"}],
    "milestones": [
        {"key": "kickoff", "name_ko": "착수계", "name_en": "Start of work", "after_days": 14},
        {
            "key": "completion",
            "name_ko": "최종감리·완료점검",
            "name_en": "Final inspection",
            "after_months": 6,
            "completes": True,
        },
    ],
    "indicators": [
        {
            "id": "agreements",
            "name_ko": "협약체결 및 사업추진",
            "name_en": "Yearly agreement concluded and carried out",
            "unit": "회",
            "counts": "round.agreed",
            "target": 5,
            "yearly": dict.fromkeys(map(str, (*YEARS, YEARS[-1] + 1)), 1),
        }
    ],
    "pledge": {
        "id": "strong-firms",
        "name_ko": "제조 중소기업의 제조혁신과 수출경쟁력 강화",
        "name_en": "Manufacturing innovation and export strength of small manufacturers",
        "owner_ko": "투자유치과",
        "owner_en": "Investment Office",
    },
    "risks": [
        {"problem_ko": "연구개발 인력이 부족해 신청률이 낮음", "answer_ko": "신청 단계에 전문가 상담을 붙임"},
        {"problem_ko": "한 번에 그치는 지원", "answer_ko": "여러 기관을 이어 기업에 맞게 지원"},
    ],
}
QUOTA = {"JS1": 800, "JS2": 900, "JS3": 800}


def records() -> Iterator[GeneratedRecord]:
    """Yield the records of every programme: its publication, then each year's agreement and the opening of its round."""
    for number, name in enumerate(PROGRAMMES):
        for sequence, event in enumerate(events_of(number, name.decode()), start=1):
            yield record(event, number, sequence)


def events_of(number: int, id: str) -> Iterator[ProgrammeEvent]:
    names = {
        "programme_id": id,
        "name_ko": f"스마트제조혁신 사업 {number + 1}호",
        "name_en": f"Smart manufacturing project {number + 1}",
        "short_ko": f"스마트제조 {number + 1}호",
        "short_en": f"Smart manufacturing {number + 1}",
    }
    yield ProgrammePublished.model_validate(
        {"programme_id": id, "occurred_on": "2022-01-03", "version": 1, "definition": DEFINITION | names}
    )
    for year in YEARS:
        round = {"programme_id": id, "round_id": f"{id}-{year}", "year": year}
        agreed = {"occurred_on": f"{year}-01-10", "agency_ko": "테크노파크"}
        opened = {
            "occurred_on": f"{year}-01-20",
            "name_ko": f"{year}년 모집공고",
            "opens_on": f"{year}-02-01",
            "closes_on": f"{year}-03-31",
            "quota": QUOTA,
        }
        yield RoundAgreed.model_validate(round | agreed)
        yield RoundOpened.model_validate(round | opened)


def record(event: ProgrammeEvent, number: int, sequence: int) -> GeneratedRecord:
    """Return the event's record as the relay would publish it."""
    attributes = {
        "specversion": "1.0",
        "id": event_generator.uuid(0xF0 + sequence, number),
        "source": event.source,
        "type": event.type(),
        "time": f"{event.occurred_on}T01:02:03.004Z",
        "subject": event.subject,
        "sequence": f"{sequence:020}",
    }
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    value = orjson.dumps(event.model_dump(mode="json", exclude_none=True))
    return GeneratedRecord(event.topic, event.subject.encode(), value, headers)
