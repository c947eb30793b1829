"""How the board writes numbers, chooses its sentences and draws its charts."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta, nodes

from services.monitoring.board.fill.money import money_years
from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.parts import charts, drawings, headline, i18n, layout, verdict
from services.monitoring.board.parts import format as fmt
from services.monitoring.board.parts.charts import Bar, Part
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.render import BOARD, Assets, Pages
from services.monitoring.board.parts.texts import TEXTS
from services.monitoring.board.parts.views import (
    CaseView,
    Company,
    CompanyYear,
    Consultation,
    DueMilestone,
    ErrorView,
    Execution,
    ExecutionRow,
    Figure,
    Indicator,
    Mentors,
    MoneyTable,
    MoneyYear,
    MunicipalityRow,
    Operator,
    OverviewView,
    Page,
    Pledge,
    ProgrammeView,
    Risk,
    Round,
    Text,
    TimelineEntry,
    Tranche,
    YearRange,
)
from shared.values.money import Funder
from tests.unit.monitoring_builders import a_definition

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


def with_everything(**changes: object) -> ProgrammeView:
    """A programme with a goal, a round, money without a plan, municipalities, mentors and a pledge."""
    given_values: dict[str, object] = {
        "years": YearRange(2024, 2026),
        "total": Figure(30_500_000_000),
        "companies_planned": Figure(300),
        "rounds": (
            Round(2024, None, applied=Figure(176), selected=Figure(70), completed_or_about_to=Figure(39)),
            Round(2025, None, planned=Figure(71)),
        ),
        "companies": (CompanyYear(YearRange(2024, 2024), Figure(21), Figure(49)),),
        "execution": Execution(
            2025, (ExecutionRow("all", Figure(None), Figure(1_882_000_000), Figure(233_000_000)),)
        ),
        "municipalities": (MunicipalityRow("52110", Text("전주시"), Figure(29), Figure(12), Figure(7)),) * 15,
        "mentors": Mentors(Figure(30), Figure(25), Figure(70)),
        "due": (DueMilestone(NOW, Text("완료점검"), "warning", (("c1", "기업 B"),)),) * 16,
        "pledge": Pledge("p", Text("공약"), Text("부서"), Figure(30), MID_2022),
        "indicators": (Indicator("i", Text("협약"), Text("회"), Figure(5), Figure(1), ()),),
        "risks": (Risk(Text("문제"), Text("대책")),),
    }
    return a_programme(**(given_values | changes))


def a_case(**changes: object) -> CaseView:
    company = Company("c1", "기업 B-031", "123-**-***01")
    given_values: dict[str, object] = {
        "case_id": "1",
        "number": "J-1",
        "status": "completed",
        "company": company,
        "programme_id": "p",
        "programme_name": Text("사업", "Programme"),
        "year": 2024,
    }
    return CaseView(**(given_values | changes))  # type: ignore[arg-type]


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


def test_a_goal_without_a_next_plan_says_nothing_of_a_plan() -> None:
    view = a_programme(
        years=YearRange(2024, 2026),
        companies_planned=Figure(300),
        rounds=(Round(2024, None, selected=Figure(70)),),
    )

    said = i18n.verdict(verdict.of_programme(view, NOW), "ko")

    assert "2026년까지 230곳이 더 필요합니다" in said
    assert "계획" not in said


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


def test_a_line_above_a_bar_stays_within_the_drawing() -> None:
    svg = charts.columns([Bar("2024", (Part(70, "actual"),), ("Newly planned for the year 49",))], "")

    width = float(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    middles = [(float(x), text) for x, text in re.findall(r'<text class="v m" x="([\d.]+)".*?>(.+?)<', svg)]
    assert middles
    for middle, text in middles:
        assert middle - charts.text_width(text) / 2 >= 0
        assert middle + charts.text_width(text) / 2 <= width


def test_bars_of_one_year_do_not_fill_the_section() -> None:
    svg = charts.columns([Bar("2024", (Part(70, "actual"),), ("70",))], "")

    assert max(float(width) for width in re.findall(r'<rect .*?width="([\d.]+)"', svg)) <= 84


def test_a_plan_is_an_outline_and_what_was_executed_is_filled_on_the_same_scale() -> None:
    year = MoneyYear("2022", Figure(2_000), ((Funder.CITY, Figure(300)), (Funder.SELF, Figure(200))))

    svg = drawings.money_columns((year,), i18n.words("ko"), "ko", 1)

    drawn = {kind: float(height) for kind, height in re.findall(r'class="k-(\w+)" .*?height="([\d.]+)"', svg)}
    assert drawn["city"] / drawn["plan"] == pytest.approx(300 / 2_000, abs=0.01)
    assert "계획 2,000" in svg
    assert "집행 500" in svg


def test_past_spending_stands_before_the_plan_and_halves_of_a_year_claim_no_execution() -> None:
    plan = {"2022": 5, "2026H1": 6, "2026H2": 7, "subtotal": 18}
    spent = {year: {"city": 3, "public": 3} for year in ("2019", "2022", "2026")}
    shown = Shown("p", {"term_plan": {"all": plan}, "executed": spent})

    found = {
        row.key: row for row in money_years(shown, a_definition(funders={"city": 1}, remainder_to="city"))
    }

    assert list(found) == ["2019", "2022", "2026H1", "2026H2"]
    assert found["2019"].planned.value is None
    assert found["2022"].executed[0][1].value == 3
    assert found["2026H1"].executed == ()


def test_programmes_stand_in_the_order_of_their_risk() -> None:
    calm = a_programme(id="calm")
    history = a_programme(id="history", stage="history")
    stale = a_programme(id="stale", last_event_on=MID_2022)
    danger = with_everything(id="danger")
    draft = a_programme(id="draft", stage="consultation")
    view = OverviewView((history, draft, calm, stale, danger), (), None, ())

    html = Pages(Assets()).overview(a_page(), view)

    order = re.findall(r'<article class="prog" id="(\w+)"', html)
    assert order == ["danger", "stale", "calm", "draft", "history"]
    assert re.findall(r'<li>.*?href="/programmes/(\w+)"', html) == order


def test_a_row_has_four_figures_and_a_page_six_at_most_chosen_for_the_kind() -> None:
    t = i18n.words("ko")
    by_goal, by_plan = (
        with_everything(),
        with_everything(companies_planned=Figure(None), money=MoneyTable((), (), None)),
    )

    assert [stat.label for stat in headline.strip(by_goal, t, 1)] == [
        "2024~2026 목표",
        "총사업비",
        "2024 선정",
        "완료·임박",
        "2025년 계획",
        "멘토 방문",
    ]
    assert [stat.label for stat in headline.strip(by_plan, t, 1)] == [
        "총사업비",
        "2025년 약정",
        "완료",
        "진행",
        "확인지표",
    ]
    assert len(headline.row(by_goal, t, 1)) == len(headline.row(by_plan, t, 1)) + 1 == 4


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_without_a_plan_nothing_is_said_of_it(lang: str) -> None:
    html = Pages(Assets()).programme(a_page(lang=lang), with_everything())
    text = re.sub(r"<[^>]+>", "", html)

    assert "계획 –" not in text
    assert "– of –" not in text
    assert TEXTS["execution.committed"][lang == "en"] in text
    assert TEXTS["execution.committed_rate"][lang == "en"] not in text


def test_who_adds_to_what_others_selected_shows_no_funnel() -> None:
    called, adding = (
        Pages(Assets()).programme(a_page(), with_everything(has_calls=has)) for has in (True, False)
    )

    assert 'id="funnel"' in called
    assert 'id="funnel"' not in adding


@given(
    due=st.integers(0, 20),
    places=st.integers(0, 20),
    risks=st.integers(0, 5),
    calls=st.booleans(),
    mentors=st.booleans(),
)
def test_every_section_stands_once_and_columns_stand_side_by_side_or_not_at_all(
    due: int, places: int, risks: int, calls: bool, mentors: bool
) -> None:
    whole = with_everything()
    view = with_everything(
        due=whole.due[:due],
        municipalities=whole.municipalities[:places],
        risks=whole.risks * risks,
        has_calls=calls,
        mentors=whole.mentors if mentors else None,
    )

    found = layout.of_programme(view)

    placed = [*found.first, *found.left, *found.right, *found.last]
    assert sorted(placed) == sorted(layout.heights(view))
    assert bool(found.left) == bool(found.right)


def test_the_columns_of_a_full_page_leave_no_hole() -> None:
    view = with_everything()

    found = layout.of_programme(view)

    assert found.left
    assert layout.hole(layout.heights(view), found) < layout.LIKE


def test_work_and_deadlines_beyond_the_first_seven_are_folded() -> None:
    html = Pages(Assets()).programme(a_page(), with_everything())

    shown, folded = html.split('<details id="more-due">')
    assert shown.count("D-day</span>") == 7
    assert folded.count("D-day</span>") == 9
    assert "나머지 9건" in folded


def test_a_payment_in_doubt_is_said_even_of_a_completed_case() -> None:
    tranche = Tranche(2, Text("잔금"), "unconfirmed", 1_000, NOW)

    html = Pages(Assets()).case(a_page(), a_case(tranches=(tranche,)))

    assert "금고의 확인이 오지 않았습니다" in html
    assert "완료 · 과제번호 J-1" in re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(
    ("builds", "title"), [(None, "기업 B-031"), (Text("기초 1단계", "Basic 1"), "기업 B-031, 기초 1단계")]
)
def test_a_cases_title_says_what_is_built_only_where_it_is_known(builds: Text | None, title: str) -> None:
    html = Pages(Assets()).case(a_page(), a_case(builds=builds))

    assert f"<h1>{title}</h1>" in html
    assert len(re.findall(r'class="pill', html.split("<h1>")[0])) == 1


def test_many_messages_of_a_day_stand_together_and_a_few_do_not() -> None:
    message = TimelineEntry(NOW, datetime(2025, 1, 20, tzinfo=UTC), "notifications", "message.sent", "m", {})
    payment = an_entry("tranche.disbursed", number=1)

    found = drawings.runs([message, message, message, payment, *[message] * 4])

    assert [len(run) for run in found] == [1, 1, 1, 1, 4]


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
