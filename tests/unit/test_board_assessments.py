"""Assessment of a programme, and of all programmes."""

from services.monitoring.board.parts import i18n, verdict
from services.monitoring.board.parts.programme_view import Consultation, Round
from shared.values.money import Funder
from shared.web.ui.values import Figure, YearRange
from tests.unit.board_builders import MID_2022, NOW, a_programme, companies_of_2022


def test_programme_behind_its_plan_is_a_warning_with_the_number_missing() -> None:
    view = a_programme(companies=companies_of_2022(running=3, planned_new=8))

    assessment = verdict.assess_programme(view, MID_2022)

    assert assessment.state == "warning"
    assert "11곳 가운데 3곳" in i18n.assessment_text(assessment, "ko")
    assert "<b>하반기에 8곳을 새로 뽑아야</b>" in i18n.assessment_text(assessment, "ko")


def test_met_plan_is_ok() -> None:
    view = a_programme(companies=companies_of_2022(running=11, planned_new=0))

    assessment = verdict.assess_programme(view, MID_2022)

    assert (assessment.state, assessment.text_key) == ("ok", "assessment.plan_met")


def test_goal_out_of_reach_is_a_danger_with_the_number_missing() -> None:
    rounds = (
        Round(2024, None, selected=Figure(70), completed_or_about_to=Figure(39)),
        Round(2025, None, planned=Figure(71)),
    )
    view = a_programme(years=YearRange(2024, 2026), companies_planned=Figure(300), rounds=rounds)

    assessment = verdict.assess_programme(view, NOW)

    assert assessment.state == "danger"
    assert "2026년까지 159곳이 더 필요합니다" in i18n.assessment_text(assessment, "ko")


def test_goal_without_a_next_plan_does_not_mention_one() -> None:
    view = a_programme(
        years=YearRange(2024, 2026),
        companies_planned=Figure(300),
        rounds=(Round(2024, None, selected=Figure(70)),),
    )

    sentence = i18n.assessment_text(verdict.assess_programme(view, NOW), "ko")

    assert "2026년까지 230곳이 더 필요합니다" in sentence
    assert "계획" not in sentence


def test_stale_figures_are_unknown() -> None:
    view = a_programme(last_event_on=MID_2022, companies=companies_of_2022(running=3, planned_new=8))

    assert verdict.assess_programme(view, NOW).state == "unknown"


def test_consultation_without_recorded_answers_claims_none() -> None:
    consultation = Consultation(Figure(15), Figure(None), (Funder.PROVINCE, Funder.CITY), NOW, ())
    view = a_programme(stage="consultation", consultation=consultation)

    assert verdict.assess_programme(view, NOW).text_key == "assessment.consulting"


def test_overview_counts_only_states_that_occur() -> None:
    assessment = verdict.assess_overview(["ok", "danger", "info"])

    assert i18n.assessment_text(assessment, "ko") == "사업 3개 가운데 <b>위험 1개</b>입니다."
