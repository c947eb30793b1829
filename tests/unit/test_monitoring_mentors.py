"""Mentors: at most eight weeks, visits by assigned mentors; pledges: reported by their own programme."""

import pytest

from services.monitoring.cases.domain import Case, require_agreement, require_award
from services.monitoring.mentors import domain as mentors
from services.monitoring.mentors.models import Assignment, Visit
from services.monitoring.pledges import domain as pledges
from shared.errors import PrerequisiteMissing, RuleBroken
from tests.unit.monitoring_builders import PROGRAMME, a_definition, an_id, on

DAY = on("2024-09-01")


def a_case(**dates: str) -> Case:
    fields = {name: on(day) for name, day in dates.items()}
    return Case(case_id=an_id("case A"), programme_id=PROGRAMME, company_id=an_id("company A"), **fields)


def assigned(since: str = "2024-08-01") -> Assignment:
    return Assignment(case_id=an_id("case A"), mentor_id="M-1", weeks=8, assigned_on=on(since))


@pytest.mark.parametrize("weeks", [0, 9])
def test_an_assignment_lasts_one_to_eight_weeks(weeks: int) -> None:
    with pytest.raises(RuleBroken, match=r"^mentor_weeks: "):
        mentors.assign(a_case(), None, "M-1", weeks, DAY)


def test_an_assignment_of_eight_weeks_is_allowed() -> None:
    row, event = mentors.assign(a_case(), None, "M-1", 8, DAY)

    assert (row.weeks, event.weeks, event.mentor_id) == (8, 8, "M-1")
    assert (row.case_id, row.mentor_id, row.assigned_on) == (an_id("case A"), "M-1", DAY)
    assert (event.programme_id, event.case_id, event.occurred_on) == (PROGRAMME, row.case_id, DAY)


def test_an_assignment_of_one_week_is_allowed() -> None:
    row, _ = mentors.assign(a_case(), None, "M-1", 1, DAY)

    assert row.weeks == 1


def test_a_visit_on_the_day_of_the_assignment_is_recorded_and_announced() -> None:
    row, event = mentors.visit(
        a_case(), assigned("2024-09-01"), None, mentor_id="M-1", work="공정 진단", on=DAY
    )

    assert (row.case_id, row.mentor_id, row.visited_on, row.work) == (
        an_id("case A"),
        "M-1",
        DAY,
        "공정 진단",
    )
    assert (event.mentor_id, event.work, event.occurred_on) == ("M-1", "공정 진단", DAY)
    assert (event.programme_id, event.case_id, event.company_id) == (
        PROGRAMME,
        row.case_id,
        an_id("company A"),
    )


def test_a_mentor_is_assigned_to_a_case_once() -> None:
    with pytest.raises(RuleBroken, match=r"^mentor_assigned_before: "):
        mentors.assign(a_case(), assigned(), "M-1", 4, DAY)


@pytest.mark.parametrize("assignment", [None, assigned("2024-09-02")], ids=["never", "later"])
def test_a_visit_needs_an_assigned_mentor(assignment: Assignment | None) -> None:
    with pytest.raises(RuleBroken, match=r"^mentor_not_assigned: "):
        mentors.visit(a_case(), assignment, None, mentor_id="M-1", work="공정 진단", on=DAY)


def test_a_visit_is_recorded_once_a_day() -> None:
    existing = Visit(case_id=an_id("case A"), mentor_id="M-1", visited_on=DAY, work="공정 진단")

    with pytest.raises(RuleBroken, match=r"^visit_recorded_before: "):
        mentors.visit(a_case(), assigned(), existing, mentor_id="M-1", work="공정 진단", on=DAY)


def test_a_case_needs_its_award_and_its_agreement_on_the_day() -> None:
    case = a_case(selected_on="2024-09-01", agreed_on="2024-09-10")

    require_award(case, on("2024-09-01"))
    require_agreement(case, on("2024-09-10"))
    with pytest.raises(RuleBroken, match=r"^case_not_selected: "):
        require_award(case, on("2024-08-31"))
    with pytest.raises(RuleBroken, match=r"^agreement_needed: "):
        require_agreement(case, on("2024-09-09"))


def test_a_missing_selection_or_agreement_can_be_retried() -> None:
    case = a_case()

    with pytest.raises(PrerequisiteMissing, match=r"^selection_not_known_yet: "):
        require_award(case, on("2024-09-01"))
    with pytest.raises(PrerequisiteMissing, match=r"^agreement_not_known_yet: "):
        require_agreement(case, on("2024-09-10"))


def test_an_abandoned_case_is_refused() -> None:
    case = a_case(selected_on="2024-08-01", agreed_on="2024-08-10", relinquished_on="2024-08-20")

    with pytest.raises(RuleBroken, match=r"^case_abandoned: "):
        require_award(case, DAY)
    with pytest.raises(RuleBroken, match=r"^case_abandoned: "):
        require_agreement(case, DAY)


def test_a_programme_reports_on_its_own_pledge_only() -> None:
    row, event = pledges.report(a_definition(), "strong-firms", 30, "투자유치과", DAY)

    assert (row.percent, event.percent, event.subject) == (30, 30, "strong-firms")
    assert (row.pledge_id, row.programme_id, row.reported_on) == ("strong-firms", event.programme_id, DAY)
    assert (row.reported_by_ko, event.reported_by_ko, event.occurred_on) == ("투자유치과", "투자유치과", DAY)


def test_a_programme_without_a_pledge_reports_on_none() -> None:
    with pytest.raises(RuleBroken, match=r"^pledge_of_another_programme: "):
        pledges.report(a_definition(pledge=None), "strong-firms", 30, "투자유치과", DAY)
    with pytest.raises(RuleBroken, match=r"^pledge_of_another_programme: "):
        pledges.report(a_definition(), "another", 30, "투자유치과", DAY)
