"""Every template in both languages: it renders with its fields, its SMS fits the limits, its words are exact."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from jinja2 import UndefinedError

from services.notifications.cases.domain import Name
from services.notifications.channels.outcomes import Problem
from services.notifications.templates import cp949, rendering, words
from services.notifications.templates.notices import NOTICES, Notice
from services.notifications.templates.rendering import render_email, render_sms
from shared.events.applications import RejectionCause

LANGUAGES = ("ko", "en")
FOLDER = Path(rendering.__file__).parent
COMMON: dict[str, Any] = {
    "company": "㈜전북정밀 완주공장",
    "programme": Name(ko="전북형 스마트 제조혁신 프로젝트", en="Jeonbuk Smart Manufacturing Project"),
    "programme_short": Name(ko="전북 스마트공장", en="Jeonbuk Smart Factory"),
    "office": Name(ko="전북특별자치도 기업유치지원실", en="Jeonbuk Office of Business Support"),
    "receipt_number": "JBSF-2024-0017",
}
TRACK = Name(ko="기초1(부분별 표준화)", en="Basic 1")
MILESTONE = Name(ko="중간보고", en="Interim report")
TRANCHE = Name(ko="잔금", en="Final payment")
DAY = date(2025, 1, 20)
SHARES = {"province": 14_175_000, "city": 14_175_000}
STANDING = {"rank": 41, "applications": 176, "score": "250/3", "reviews": 3}
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "application_received": [
        {"via": via, "submitted_on": DAY, "track": track, "total_krw": 70_875_000, "requested_krw": krw}
        for via, track, krw in (("application", TRACK, 56_700_000), ("ministry", None, 0))
    ],
    "screened_out": [
        {"screened_on": DAY, "reasons": ["매출액 50억 원 초과", "최근 3년 안에 같은 사업 지원 받음"]},
        {"screened_on": DAY, "reasons": ["가" * 2_000]},
    ],
    "selected": [
        {"selected_on": DAY, "via": via, "track": TRACK, "standing": standing}
        for via, standing in (("ranking", STANDING), ("reserve", STANDING), ("ministry", None))
    ],
    "reserved": [
        {"decided_on": DAY, "track": TRACK, "rank": 41, "standing": standing, "reserve_number": number}
        for standing, number in ((STANDING, 1), (None, None))
    ],
    "rejected": [
        {"decided_on": DAY, "cause": cause, "findings": findings}
        for cause, findings in (
            ("ineligible", ["최근 3년 안에 같은 사업 지원 받음", "매출액 50억 원 초과"]),
            ("ineligible", ["가" * 2_000]),
            ("suspended", []),
            ("closed", []),
            (None, []),
        )
    ],
    "agreement_signed": [
        {
            "signed_on": DAY,
            "starts_on": DAY,
            "ends_on": date(2025, 7, 19),
            "total_krw": 35_437_500,
            "self_krw": self_krw,
            "shares_krw": SHARES | {"self": self_krw},
        }
        for self_krw in (7_087_500, 0)
    ],
    "self_contribution_confirmed": [{"confirmed_on": DAY, "amount_krw": 7_087_500}],
    "tranche_disbursed": [
        {"disbursed_on": DAY, "number": 2, "tranche": TRANCHE, "amount_krw": 28_350_000, "shares_krw": SHARES}
    ],
    "tranche_failed": [
        {
            "failed_on": DAY,
            "number": 2,
            "tranche": TRANCHE,
            "amount_krw": 28_350_000,
            "reason": "예금주 불일치",
        }
    ],
    "milestone_due_soon": [{"milestone": MILESTONE, "due_on": DAY, "days_left": days} for days in (30, 7, 1)],
    "milestone_missed": [{"milestone": MILESTONE, "due_on": DAY}],
    "completed": [{"completed_on": DAY, "milestone": MILESTONE, "report_by": date(2025, 3, 20)}],
    "abandoned": [
        {"abandoned_on": DAY, "stage": stage, "reason": "경영 사정"}
        for stage in ("before_agreement", "after_agreement")
    ],
}
CASES = [
    pytest.param(NOTICES[name].model_validate(COMMON | fields), language, id=f"{name}-{number}-{language}")
    for name, samples in SAMPLES.items()
    for number, fields in enumerate(samples)
    for language in LANGUAGES
]


def a_notice(template: str, **fields: Any) -> Notice:
    return NOTICES[template].model_validate(COMMON | SAMPLES[template][0] | fields)


def test_every_template_has_samples_and_a_file_in_each_language() -> None:
    for language in LANGUAGES:
        files = {path.stem for path in (FOLDER / language).glob("*.txt")}

        assert files == set(NOTICES) == set(SAMPLES)


@pytest.mark.parametrize(("notice", "language"), CASES)
def test_every_part_names_the_case_and_the_programme(notice: Notice, language: str) -> None:
    email, sms = render_email(notice, language), render_sms(notice, language)

    for part in (email.text, email.html):
        assert notice.receipt_number in part
        assert getattr(notice.office, language) in part
    assert notice.receipt_number in sms.text
    assert getattr(notice.programme_short, language) in sms.text
    assert getattr(notice.programme_short, language) in email.subject


@pytest.mark.parametrize(("notice", "language"), CASES)
def test_sms_fits_the_limits_and_has_encodable_characters_only(notice: Notice, language: str) -> None:
    content = render_sms(notice, language)

    assert cp949.byte_length(content.text) <= cp949.LMS_LIMIT
    assert cp949.byte_length(content.title) <= cp949.SUBJECT_LIMIT
    assert "?" not in content.text


@pytest.mark.parametrize(("notice", "language"), CASES)
def test_rendered_text_has_no_unrendered_fields_or_stray_blank_lines(notice: Notice, language: str) -> None:
    email, sms = render_email(notice, language), render_sms(notice, language)

    for part in (email.subject, email.text, sms.text):
        assert not re.search(r"None|\{\{|\}\}|\{%|  |Name\(", part), part
        assert "\n\n\n" not in part
    assert "\n" not in email.subject + sms.text + sms.title


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.txt")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_template_file_has_encodable_characters_only(path: Path) -> None:
    assert cp949.unencodable(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("template", "limit"),
    [("application_received", 90), ("selected", 90), ("tranche_disbursed", 90), ("milestone_due_soon", 90)],
)
def test_frequent_messages_fit_a_short_sms(template: str, limit: int) -> None:
    content = render_sms(a_notice(template), "ko")

    assert cp949.byte_length(content.text) <= limit, content.text


def test_amounts_are_grouped_and_dates_are_written_out() -> None:
    korean, english = (render_email(a_notice("tranche_disbursed"), language) for language in LANGUAGES)

    assert "28,350,000원" in korean.text
    assert "2025년 1월 20일" in korean.text
    assert "도비: 14,175,000원" in korean.text
    assert "KRW 28,350,000" in english.text
    assert "20 January 2025" in english.text


def test_particles_fit_the_sound_before_them() -> None:
    closed = render_email(a_notice("completed", milestone=Name(ko="최종점검", en="Final check")), "ko")
    opened = render_email(a_notice("completed", milestone=Name(ko="완료보고", en="Report")), "ko")

    assert "최종점검을 마쳐" in closed.text
    assert "완료보고를 마쳐" in opened.text


def test_markup_in_a_name_is_escaped_in_html() -> None:
    content = render_email(a_notice("selected", company="<script>alert(1)</script>"), "ko")

    assert "<script>" not in content.html
    assert "&lt;script&gt;" in content.html


def test_line_break_in_a_finding_makes_no_new_line() -> None:
    typed = ["점수 미달\r\nBcc: x@example.com\n기한: 내일"]
    content = render_email(a_notice("rejected", findings=typed), "ko")

    assert "- 확인한 점: 점수 미달 Bcc: x@example.com 기한: 내일" in content.text


HANGUL = re.compile("[ㄱ-ㆎ가-힣]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
TYPED = (str, list[str])
"""Types of the fields that hold names and what was typed: both are shown as written, in whatever language."""


def typed_as(text: str, notice: Notice) -> Notice:
    """Return the notice with this text in the place of all names and of all that was typed."""
    fields = {name: field.annotation for name, field in type(notice).model_fields.items()}
    typed = {name: text if fields[name] is str else [text] for name in fields if fields[name] in TYPED}
    return notice.model_copy(update=typed)


def all_texts(notice: Notice, language: str) -> list[str]:
    email, sms = render_email(notice, language), render_sms(notice, language)
    return [email.subject, email.text, re.sub(r"<style.*?</style>|<[^>]*>", "", email.html, flags=re.S), *sms]


@pytest.mark.parametrize(("notice", "language"), CASES)
def test_every_word_but_names_and_what_was_typed_is_in_the_readers_language(
    notice: Notice, language: str
) -> None:
    others_words = HANGUL if language == "en" else ENGLISH_SENTENCE

    for part in all_texts(typed_as("###", notice), language):
        assert not others_words.search(part), part


@pytest.mark.parametrize("codes", [words.CAUSES, words.PROBLEMS, words.FUNDERS])
def test_every_code_has_words_in_both_languages(codes: dict[str, dict[str, str]]) -> None:
    assert codes["ko"].keys() == codes["en"].keys()
    assert all(HANGUL.search(text) for text in codes["ko"].values())
    assert not any(HANGUL.search(text) for text in codes["en"].values())


def test_the_words_are_those_of_the_codes_on_the_topic_and_of_the_channels() -> None:
    problems = {code for part in get_args(Problem) for code in get_args(part)}

    assert words.CAUSES["ko"].keys() == set(get_args(RejectionCause))
    assert words.PROBLEMS["ko"].keys() == problems


@pytest.mark.parametrize(
    ("score", "text"), [("250/3", "83.33"), ("2001/200", "10.01"), ("72", "72.00"), ("1/200", "0.01")]
)
def test_a_score_is_rounded_half_up_to_hundredths(score: str, text: str) -> None:
    assert words.score(score) == text


def test_template_with_an_unknown_field_raises() -> None:
    class Wrong(Notice):
        template = "selected"

    with pytest.raises(UndefinedError):
        render_email(Wrong.model_validate(COMMON), "ko")


def test_reminder_has_a_deadline_of_one_day() -> None:
    assert NOTICES["milestone_due_soon"].deadline == timedelta(days=1)
    assert {notice.deadline for name, notice in NOTICES.items() if name != "milestone_due_soon"} == {
        timedelta(days=7)
    }
