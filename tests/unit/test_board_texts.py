"""Texts of the board: sentences of events and assessments."""

import re
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from services.monitoring.board import timeline_entries
from services.monitoring.board.parts import i18n
from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.render import BOARD
from services.monitoring.projections import timeline
from services.monitoring.texts import translator
from shared.events.applications import RejectionCause
from shared.events.definition import BusinessState
from shared.events.notifications import FailureReason, UnknownReason
from shared.web.ui.values import Lang
from tests.sources import ROOT
from tests.unit.board_builders import an_entry

NOW, RECORDED_AT = date(2025, 1, 20), datetime(2025, 1, 20, tzinfo=UTC)
LANGUAGES: tuple[Lang, Lang] = ("ko", "en")
VARIANTS = (".detail", ".eligible", ".ineligible", ".conflict")
KEYS = {lang: set(translator(lang).messages) for lang in get_args(Lang)}


def test_every_assessment_of_a_programme_has_a_short_form() -> None:
    rules = (BOARD.parent / "figures/assessment.py").read_text()
    of_programmes = set(re.findall(r'"(assessment\.(?!case_|overview|rule)\w+)"', rules))

    assert of_programmes
    assert {key for key in of_programmes if f"{key}.short" not in KEYS["ko"]} == set()


def test_event_sentence_is_filled_from_its_data_and_an_unknown_event_is_named() -> None:
    assert i18n.event_title(an_entry("application.screened", eligible=False), "ko") == "자격 확인: 부적격"
    assert (
        i18n.event_detail(an_entry("tranche.requested", number=1, requested_by="K-1"), "ko")
        == "기안: 담당자 K-1"
    )
    assert i18n.event_detail(an_entry("tranche.requested", number=1), "ko") == ""
    assert i18n.event_title(an_entry("comet.sighted"), "ko") == "사건 comet.sighted"


MESSAGE = {"template": "selected", "channel": "sms"}
RANKING = {"applications": 9, "quota": 2, "reviews": 5, "trimmed": True}
TIED = {
    "tie_breaks": [{"rule": "criterion_mean", "criterion": "plan"}, {"rule": "business_number"}],
    **{"applications": 9, "quota": 3, "reviews": 3, "trimmed": False},
}
DETAILS: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "company.selected",
        {"via": "ranking", "track": "JS1", "rank": 2, "score": "250/3", "ranking": RANKING},
        "JS1 트랙 9개 과제 중 2위, 평균 83.33점. 심사 5건에서 최고·최저를 뺀 평균입니다. 선정 2곳 안에 들었습니다.",
        "Rank 2 of 9 in the track JS1, mean score 83.33. "
        "It is the mean of 5 reviews without the highest and the lowest. It is within the quota of 2.",
    ),
    (
        "company.selected",
        {
            **{"via": "reserve", "rank": 4, "score": "20", "ranking": TIED},
            "predecessor_receipt_number": "JSF-2024-0009-30",
        },
        "접수번호 JSF-2024-0009-30의 포기로 예비에서 이어서 선정되었습니다. 전체 9개 과제 중 4위, 평균 20.00점. "
        "심사 3건의 평균입니다. 동점을 가린 기준: plan 평균 · 사업자등록번호 순서.",
        "Promoted from the reserve, as the case JSF-2024-0009-30 gave up its place. Rank 4 of 9, mean score 20.00. "
        "It is the mean of 3 reviews. Equal scores were decided by: the mean of plan · the order of business numbers.",
    ),
    (
        "company.selected",
        {"via": "ministry"},
        "중앙부처가 선정한 기업이라 심사 없이 지방비를 더해 지원합니다.",
        "Selected by the ministry: local money is added without a review.",
    ),
    (
        "company.selected",
        {"via": "reserve", "track": "JS1", "rank": 3, "score": "20"},
        "앞선 기업의 포기로 예비에서 이어서 선정되었습니다. 3위, 평균 20.00점.",
        "Promoted from the reserve after a place was given up. Rank 3, mean score 20.00.",
    ),
    (
        "company.reserved",
        {"rank": 5, "score": "20", "ranking": RANKING},
        "전체 9개 과제 중 5위, 평균 20.00점. 심사 5건에서 최고·최저를 뺀 평균입니다. 선정 2곳이 차서 예비 3번입니다.",
        "Rank 5 of 9, mean score 20.00. It is the mean of 5 reviews without the highest and the lowest. "
        "The quota of 2 is taken up: number 3 in reserve.",
    ),
    ("company.reserved", {"rank": 5, "score": "20"}, "5위, 평균 20.00점.", "Rank 5, mean score 20.00."),
    (
        "company.rejected",
        {"cause": "ineligible", "findings": ["소재지", "업종"]},
        "요건에 맞지 않아 순위를 매기지 않았습니다: 소재지 · 업종",
        "Not eligible, so not ranked: 소재지 · 업종",
    ),
    (
        "company.rejected",
        {"cause": "closed"},
        "폐업한 사업자라 순위를 매기지 않았습니다.",
        "Not ranked, as the business is closed.",
    ),
    ("company.rejected", {}, "", ""),
    ("company.closed", {"state": "suspended"}, "휴업입니다.", "It is suspended."),
    (
        "tranche.held",
        {"number": 1, "reason": "suspended"},
        "휴업한 기업이라 지급을 보류합니다.",
        "The business is suspended: nothing is paid.",
    ),
    ("message.failed", MESSAGE, "선정 안내", "Selected"),
    ("message.failed", MESSAGE | {"reason": "no_contact"}, "선정 안내: 연락처 없음", "Selected: no contact"),
    (
        "message.failed",
        MESSAGE | {"reason": "not_delivered", "provider_code": "3058"},
        "선정 안내: 도착하지 않음(코드 3058)",
        "Selected: did not arrive (code 3058)",
    ),
    (
        "message.unknown",
        MESSAGE,
        "선정 안내. 조회 전에는 다시 보내지 않습니다.",
        "Selected. Not sent again before asking.",
    ),
    (
        "message.unknown",
        MESSAGE | {"reason": "sender_lost"},
        "선정 안내: 보내다가 멈춤. 조회 전에는 다시 보내지 않습니다.",
        "Selected: the sender stopped while sending. Not sent again before asking.",
    ),
    (
        "case.recorded",
        {"system": "legacy", "record_id": "GC-1"},
        "이전 시스템 기록 GC-1",
        "Earlier system, record GC-1",
    ),
    ("case.abandoned", {"reason": "경영 사정"}, "경영 사정", "경영 사정"),
]


@pytest.mark.parametrize(("event_name", "data", "korean", "english"), DETAILS)
def test_second_line_of_an_event_is_made_of_its_facts_in_each_language(
    event_name: str, data: dict[str, Any], korean: str, english: str
) -> None:
    entry = TimelineEntry(
        NOW,
        RECORDED_AT,
        "applications",
        event_name,
        "e1",
        params=timeline_entries.sentence_params(data, None),
        details=timeline_entries.details(event_name, data),
    )

    assert [i18n.event_detail(entry, lang).striptags() for lang in LANGUAGES] == [korean, english]


def test_every_code_of_an_event_has_a_sentence_or_a_word() -> None:
    problems = {*get_args(FailureReason), *get_args(UnknownReason)}
    templates = [path.stem for path in (ROOT / "services/notifications/templates/ko").glob("*.txt")]
    keys = {
        *(f"problem.{problem}" for problem in problems),
        *(f"template.{template}" for template in templates),
        *(f"event.company.rejected.{cause}.detail" for cause in get_args(RejectionCause)),
        *(f"event.tranche.held.{state}.detail" for state in get_args(BusinessState)),
        *(f"event.company.closed.{state}.detail" for state in get_args(BusinessState)),
    }

    assert templates
    assert all(keys <= known for known in KEYS.values())


@pytest.mark.parametrize("lang", KEYS)
def test_events_of_the_timeline_and_their_sentences_correspond(lang: Lang) -> None:
    events = {event.name.rpartition(".")[0] for event in timeline.PROJECTION.rows}

    sentences = {key.removeprefix("event.") for key in KEYS[lang] if key.startswith("event.")}

    assert {key for key in sentences if not key.endswith(VARIANTS)} - {"unknown"} == events
