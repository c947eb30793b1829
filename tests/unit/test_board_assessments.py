"""Assessment of a programme, and of all programmes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.figures.assessment import assess_overview, assess_programme
from services.monitoring.figures.companies import CompanyYear, Round
from services.monitoring.figures.figure import Figure
from services.monitoring.figures.pledges import Indicator, IndicatorYear
from services.monitoring.figures.programme import Consultation, ProgrammeView
from services.monitoring.figures.words import assessment_text, assessment_words
from shared.values.money import Funder
from shared.web.ui.values import Text, YearRange
from tests.unit.board_builders import MID_2022, NOW, a_programme, companies_of_2022

WORSE = ("ok", "info", "warning", "danger")


def test_programme_behind_its_plan_is_a_warning_with_the_number_missing() -> None:
    view = a_programme(companies=companies_of_2022(running=3, planned_new=8))

    assessment = assess_programme(view, MID_2022)

    assert assessment.state == "warning"
    assert "11곳 가운데 3곳" in assessment_text(assessment, "ko")
    assert "<b>하반기에 8곳을 새로 뽑아야</b>" in assessment_text(assessment, "ko")


def test_met_plan_is_ok() -> None:
    view = a_programme(companies=companies_of_2022(running=11, planned_new=0))

    assessment = assess_programme(view, MID_2022)

    assert (assessment.state, assessment.text_key) == ("ok", "assessment.plan_met")


def a_goal(selected: int, planned: int | None = None, goal: int = 300) -> ProgrammeView:
    """Return a programme until 2026 after its first round of 2024, with a plan for 2025 or without."""
    rounds = [Round(2024, None, selected=Figure(selected), completed_or_about_to=Figure(39))]
    if planned is not None:
        rounds.append(Round(2025, None, planned=Figure(planned)))
    years = YearRange(2024, 2026)
    return a_programme(years=years, companies_planned=Figure(goal), rounds=tuple(rounds))


def test_goal_that_needs_more_than_twice_the_best_year_is_a_danger_with_the_number_missing() -> None:
    assessment = assess_programme(a_goal(selected=50, planned=40), NOW)

    assert assessment.state == "danger"
    assert "2026년까지 210곳이 더 필요합니다" in assessment_text(assessment, "ko")


@given(st.integers(1, 200), st.integers(0, 200), st.integers(1, 900))
def test_plan_that_is_published_never_makes_the_state_worse(selected: int, planned: int, goal: int) -> None:
    """전북 2025-01-14에는 주의였다가 01-15에 71곳을 더 뽑는 계획을 공고하자 위험이 되었다."""
    before, after = (assess_programme(a_goal(selected, plan, goal), NOW).state for plan in (None, planned))

    assert WORSE.index(after) <= WORSE.index(before)


@given(st.integers(0, 50), st.integers(1, 50), st.dates(date(2025, 1, 1), date(2025, 12, 31)))
def test_plan_of_the_year_asks_for_nothing_on_the_day_of_its_publication(
    running: int, to_find: int, today: date
) -> None:
    row = CompanyYear(YearRange(2025, 2025), Figure(0), Figure(running), Figure(to_find))

    assessment = assess_programme(a_programme(companies=(row,), plan_since=today), today)

    assert assessment.state == "ok"


def test_plan_of_the_year_asks_for_whole_companies_alone() -> None:
    row = CompanyYear(YearRange(2025, 2025), Figure(0), Figure(0), Figure(12))
    view = a_programme(companies=(row,), plan_since=date(2025, 3, 3))

    first_due = date(2025, 3, 29)  # 12 companies in 303 days: the first after 26
    states = [assess_programme(view, day).state for day in (date(2025, 3, 4), date(2025, 3, 28), first_due)]

    assert states == ["ok", "ok", "warning"]


def test_past_result_that_ends_this_year_does_not_hide_the_plan_of_the_year() -> None:
    past = CompanyYear(YearRange(2020, 2022), Figure(4), Figure(0))

    view = a_programme(companies=(past, *companies_of_2022(running=3, planned_new=8)))

    assert assess_programme(view, MID_2022).text_key == "assessment.to_find_second"


def test_published_definition_is_no_news_of_a_programme() -> None:
    published = a_programme(published_on=date(2024, 1, 1), companies=companies_of_2022(3, 8))

    assert assess_programme(published, NOW).state == "unknown"


@pytest.mark.parametrize(("achieved", "state"), [(2, "warning"), (3, "ok")])
def test_indicator_is_judged_by_the_years_that_are_over(achieved: int, state: str) -> None:
    years = tuple(IndicatorYear(year, 1, 0) for year in range(2022, 2027))
    indicator = Indicator("agreements", Text("협약"), Text("회"), Figure(5), Figure(achieved), years)

    assert assess_programme(a_programme(indicators=(indicator,)), NOW).state == state


def test_every_assessment_states_its_rule_in_both_languages() -> None:
    for assessment in (assess_programme(view, NOW) for view in (a_programme(), a_goal(70))):
        rule = assessment_words(assessment)["rule"]
        assert isinstance(rule, dict)
        assert all(rule.values())


def test_goal_without_a_next_plan_does_not_mention_one() -> None:
    view = a_programme(
        years=YearRange(2024, 2026),
        companies_planned=Figure(300),
        rounds=(Round(2024, None, selected=Figure(70)),),
    )

    sentence = assessment_text(assess_programme(view, NOW), "ko")

    assert "2026년까지 230곳이 더 필요합니다" in sentence
    assert "계획" not in sentence


def test_stale_figures_are_unknown() -> None:
    view = a_programme(last_event_on=MID_2022, companies=companies_of_2022(running=3, planned_new=8))

    assert assess_programme(view, NOW).state == "unknown"


def test_consultation_without_recorded_answers_claims_none() -> None:
    consultation = Consultation(Figure(15), Figure(None), (Funder.PROVINCE, Funder.CITY), NOW, ())
    view = a_programme(stage="consultation", consultation=consultation)

    assert assess_programme(view, NOW).text_key == "assessment.consulting"


def test_overview_counts_only_states_that_occur() -> None:
    assessment = assess_overview(["ok", "danger", "info"])

    assert assessment_text(assessment, "ko") == "사업 3개 가운데 <b>위험 1개</b>입니다."
