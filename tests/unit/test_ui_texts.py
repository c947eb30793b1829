"""Texts of pages: plural forms, values in the page's language, HTML that names other languages."""

from datetime import date

import pytest

from services.monitoring.texts import TEXTS, translator
from shared.web.problems import TITLES
from shared.web.ui.i18n import language_of
from shared.web.ui.page import STATUSES_WITH_TITLE
from shared.web.ui.values import Lang, Text


@pytest.mark.parametrize(
    ("lang", "count", "text"),
    [("en", 1, "1 event"), ("en", 2, "2 events"), ("en", 0, "0 events"), ("ko", 1, "근거 1건")],
)
def test_text_has_the_plural_form_of_its_count(lang: Lang, count: int, text: str) -> None:
    assert translator(lang)("proof", count=count) == text


def test_unknown_or_left_out_count_takes_the_plural() -> None:
    assert translator("en")("proof", count=None) == "– events"
    assert translator("en")("companies") == " companies"


def test_values_are_formatted_for_the_language_and_years_are_not_grouped() -> None:
    params = {"due": date(2025, 2, 1), "name": Text("완료점검", "Final check")}

    assert translator("en")("assessment.case_next", **params) == "Next is **Final check, 2025-02-01**."
    assert translator("ko")("execution.title", year=2025) == "2025년 집행"
    assert translator("ko")("cases.found", count=1234) == "조건에 맞는 과제 **1,234건**입니다."


def test_html_escapes_values_marks_other_languages_and_leaves_stars_in_values_alone() -> None:
    t = translator("en")

    assert t.html("cases.found", count=2) == "<b>2 cases</b> match."
    assert t.html("event.message.failed.detail", template="a", problem="<**b**>") == "a: &lt;**b**&gt;"
    assert t.html("case.number", number="새벽 1") == 'Case <span lang="ko">새벽 1</span>'


@pytest.mark.parametrize(
    ("text", "language"),
    [("기업 B", "ko"), ("Out of stock", "en"), ("J-1", None), ("KRW 1,000", None), ("Kafka", None)],
)
def test_language_of_a_typed_text_is_that_of_its_words(text: str, language: Lang | None) -> None:
    assert language_of(text) == language


def test_missing_key_or_parameter_is_an_error() -> None:
    with pytest.raises(KeyError):
        translator("ko")("no.such.key")
    with pytest.raises(KeyError):
        translator("ko")("case.number", count=1)


def test_titles_of_error_pages_are_those_of_problem_documents() -> None:
    titles = {status: TEXTS.text(f"error.title.{status}").ko for status in STATUSES_WITH_TITLE}

    assert titles == {status: TITLES[int(status)] for status in STATUSES_WITH_TITLE}
