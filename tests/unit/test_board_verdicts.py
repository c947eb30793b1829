"""Which sentence the board chooses for a programme, and for all of them."""

from services.monitoring.board.parts import i18n, verdict
from services.monitoring.board.parts.programme_view import Consultation, Round
from services.monitoring.board.parts.values import Figure, YearRange
from shared.values.money import Funder
from tests.unit.board_builders import MID_2022, NOW, a_programme, companies_of_2022


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
