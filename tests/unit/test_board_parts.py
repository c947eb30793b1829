"""How the board writes numbers, chooses its sentences and draws its charts."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta, nodes

from services.monitoring.board.parts import charts, i18n, verdict
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.charts import Part
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.render import BOARD, Assets, Pages
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.views import (
    CompanyYear,
    Consultation,
    ErrorView,
    Figure,
    Operator,
    OverviewView,
    Page,
    ProgrammeView,
    Round,
    Text,
    TimelineEntry,
    YearRange,
)
from shared.values.money import Funder

MID_2022 = date(2022, 6, 30)
NOW = date(2025, 1, 20)


def a_page(**changes: object) -> Page:
    given_values: dict[str, object] = {
        "path": "/",
        "lang": "ko",
        "unit": 1_000_000,
        "as_of": NOW,
        "today": NOW,
        "clock_pinned": False,
        "operator": Operator("시연", Text("담당자", "Requester"), is_demo=True),
    }
    return Page(**(given_values | changes))  # type: ignore[arg-type]


def a_programme(**changes: object) -> ProgrammeView:
    given_values: dict[str, object] = {
        "id": "a-programme",
        "name": Text("어떤 사업", "A programme"),
        "short": Text("사업", "Programme"),
        "region": Text("김천시"),
        "stage": "running",
        "years": YearRange(2019, 2026),
        "version": 1,
        "last_event_on": None,
    }
    return ProgrammeView(**(given_values | changes))  # type: ignore[arg-type]


def an_entry(sentence: str, **params: object) -> TimelineEntry:
    return TimelineEntry(NOW, datetime(2025, 1, 20, tzinfo=UTC), "funding", sentence, "e1", params)


def companies_of_2022(running: int, planned_new: int) -> tuple[CompanyYear, ...]:
    return (CompanyYear(YearRange(2022, 2022), Figure(0), Figure(running), Figure(planned_new)),)


@pytest.mark.parametrize(
    ("won", "unit", "text"),
    [
        (16_000_000_000, 1_000_000, "16,000"),
        (555_500_000, 1_000_000, "556"),
        (555_499_999, 1_000_000, "555"),
        (-1_300_500, 1_000, "−1,301"),
        (0, 1_000_000, "0"),
        (None, 1, "–"),
    ],
)
def test_money_is_rounded_half_up_and_unknown_is_never_zero(won: int | None, unit: int, text: str) -> None:
    assert fmt.won(won, unit) == text  # type: ignore[arg-type]


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_money_in_a_larger_unit_is_never_off_by_more_than_half(won: int) -> None:
    shown = int(fmt.won(won, 1_000_000).replace(",", "").replace("−", "-"))

    assert abs(shown * 1_000_000 - won) * 2 <= 1_000_000


def test_percentages_are_exact_and_of_nothing_there_is_none() -> None:
    assert fmt.percent(39, 70) == "56 %"
    assert fmt.percent(375, 1000, 1) == "37.5 %"
    assert fmt.percent(1, 8, 1) == "12.5 %"
    assert fmt.percent(1, 0) == fmt.percent(None, 5) == "–"
    assert fmt.points(6_000, 16_000, 30) == (1, "7.5%p")
    assert fmt.score("250/3") == "83.33"


def test_dates_name_their_weekday_and_times_are_those_of_seoul() -> None:
    assert fmt.full_date(NOW, "ko") == "2025-01-20 (월)"
    assert fmt.clock(datetime(2025, 1, 20, 0, 5, tzinfo=UTC)) == "09:05"
    assert fmt.days_left(date(2025, 1, 28), NOW) == "D-8"
    assert fmt.period("2026H1", "ko") == "2026 상반기"


def test_half_a_year_behind_its_plan_a_programme_says_how_many_are_still_to_be_found() -> None:
    view = a_programme(companies=companies_of_2022(running=3, planned_new=8))

    found = verdict.of_programme(view, MID_2022)

    assert found.state == "warning"
    assert "11곳 가운데 3곳" in i18n.verdict(found, "ko")
    assert "<b>하반기에 8곳을 새로 뽑아야</b>" in i18n.verdict(found, "ko")


def test_the_sentence_follows_the_figures() -> None:
    view = a_programme(companies=companies_of_2022(running=11, planned_new=0))

    found = verdict.of_programme(view, MID_2022)

    assert (found.state, found.text) == ("ok", "verdict.plan_met")


def test_a_goal_out_of_reach_is_a_danger_and_says_what_is_missing() -> None:
    rounds = (
        Round(2024, None, selected=Figure(70), completed_or_about_to=Figure(39)),
        Round(2025, None, planned=Figure(71)),
    )
    view = a_programme(years=YearRange(2024, 2026), companies_planned=Figure(300), rounds=rounds)

    found = verdict.of_programme(view, NOW)

    assert found.state == "danger"
    assert "2026년까지 159곳이 더 필요합니다" in i18n.verdict(found, "ko")


def test_figures_that_nobody_renewed_are_to_be_checked_not_good_or_bad() -> None:
    view = a_programme(last_event_on=MID_2022, companies=companies_of_2022(running=3, planned_new=8))

    assert verdict.of_programme(view, NOW).state == "unknown"


def test_a_consultation_without_recorded_answers_claims_none() -> None:
    asked = Consultation(Figure(15), Figure(None), (Funder.PROVINCE, Funder.CITY), NOW, ())
    view = a_programme(stage="consultation", consultation=asked)

    assert verdict.of_programme(view, NOW).text == "verdict.consulting"


def test_the_overview_names_only_the_states_that_there_are() -> None:
    found = verdict.of_overview(["ok", "danger", "info"])

    assert i18n.verdict(found, "ko") == "사업 3개 가운데 <b>위험 1개</b>입니다."


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_needs_the_same_in_korean_and_english(key: str) -> None:
    korean, english = TEXTS[key]

    needs = [set(re.findall(r"{(\w+)}", text)) - {"unit"} for text in (korean, english)]

    assert korean
    assert english
    assert needs[1] <= needs[0]


def test_every_sentence_of_a_verdict_has_its_short_form_where_rows_show_it() -> None:
    rules = (BOARD / "parts/verdict.py").read_text()
    of_programmes = set(re.findall(r'"(verdict\.(?!case_|overview)\w+)"', rules))

    assert of_programmes
    assert {key for key in of_programmes if f"{key}.short" not in TEXTS} == set()


def test_an_event_is_told_with_what_it_says_and_an_unknown_one_is_named() -> None:
    assert i18n.event_title(an_entry("application.screened", eligible=False), "ko") == "자격 확인: 부적격"
    assert (
        i18n.event_detail(an_entry("tranche.requested", number=1, requested_by="K-1"), "ko")
        == "기안: 담당자 K-1"
    )
    assert i18n.event_detail(an_entry("tranche.requested", number=1), "ko") == ""
    assert i18n.event_title(an_entry("comet.sighted"), "ko") == "사건 comet.sighted"


def test_a_bar_shows_its_parts_in_proportion_and_never_beyond_its_end() -> None:
    svg = charts.bullet([Part(70, "actual", "선정 70"), Part(900, "short", "")], 100, "a < b")

    widths = [float(width) for width in re.findall(r'<rect class="k-\w+" .*?width="([\d.]+)"', svg)]
    assert widths == [280.0, 196.0, 84.0]
    assert 'aria-label="a &lt; b"' in svg
    assert "style=" not in svg


def test_labels_under_a_bar_do_not_overlap() -> None:
    parts = [
        Part(1, "actual", "2024 선정 70"),
        Part(1, "plan", "2025 계획 71"),
        Part(98, "short", "남은 몫 98"),
    ]

    svg = charts.bullet(parts, 100, "")

    placed = [
        (float(x), text)
        for x, text in re.findall(r'<text class="[^"]*" x="([\d.]+)" y="36.0">(.+?)</text>', svg)
    ]
    ends = [x + charts.text_width(text) for x, text in placed]
    assert len(placed) == 3
    assert all(end <= start for end, (start, _) in zip(ends, placed[1:], strict=False))


def test_an_address_carries_what_decides_the_page_and_nothing_else() -> None:
    here = a_page(path="/cases", as_of=MID_2022, lang="en", query={"q": "가나", "page": "2"})

    assert Links(a_page()).programme("x") == "/programmes/x"
    assert Links(here).case("c/1") == "/cases/c%2F1?as_of=2022-06-30&lang=en"
    assert Links(here).here(page=3) == "/cases?as_of=2022-06-30&lang=en&q=%EA%B0%80%EB%82%98&page=3"
    assert "as_of" not in Links(here).today()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_page_reads_without_built_assets_and_holds_nothing_inline(lang: str) -> None:
    view = OverviewView((a_programme(companies=companies_of_2022(3, 8)),), (), None, ())

    html = Pages(Assets()).overview(a_page(lang=lang), view)

    assert f'<html lang="{lang}">' in html
    assert '<link rel="stylesheet"' not in html
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*src=)", html)


def test_what_a_company_calls_itself_cannot_become_markup() -> None:
    view = a_programme(name=Text("<script>alert(1)</script>"), short=Text("<b>x</b>"))

    html = Pages(Assets()).programme(a_page(), view)

    assert "<script>alert" not in html
    assert "<b>x</b>" not in html


def test_a_past_date_is_said_and_listens_to_no_stream() -> None:
    html = Pages(Assets()).overview(a_page(as_of=MID_2022), OverviewView((), None, None, None))

    assert "sse-connect" not in html
    assert "갱신을 멈췄습니다" in html
    assert 'class="asof past"' in html


def test_a_refusal_names_the_rule_and_what_to_do() -> None:
    view = ErrorView(
        409, Text("승인하지 않았습니다"), Text("기안한 사람입니다"), Text("다른 재무관이 승인"), "01-8f"
    )

    html = Pages(Assets()).error(a_page(), view)

    assert all(
        words in html for words in ("승인하지 않았습니다", "기안한 사람입니다", "다른 재무관이 승인", "01-8f")
    )


def test_every_text_that_a_template_asks_for_exists() -> None:
    templates = sorted((BOARD / "templates").glob("*.html"))

    asked = {key for template in templates for key in _texts_of(template)}

    assert len(asked) > 100
    assert asked - set(TEXTS) == set()


def _texts_of(template: Path) -> set[str]:
    """The literal keys of the calls t("…")."""
    tree = Environment(autoescape=True).parse(template.read_text())
    assert meta.find_undeclared_variables(tree) is not None
    calls = [
        call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", None) == "t" and call.args
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], nodes.Const)}
