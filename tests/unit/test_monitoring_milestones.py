"""Milestones: due dates, announced deadlines, and allowed transitions."""

from datetime import date
from typing import Any

import pytest

from services.monitoring.cases.domain import Case
from services.monitoring.milestones import domain
from services.monitoring.milestones.models import NEXT, Milestone, Status
from shared.errors import RuleBroken
from shared.events.definition import MilestoneRule
from shared.events.monitoring import MilestoneDueSoon, MilestoneMissed
from tests.unit.monitoring_builders import PROGRAMME, an_id, on

SIGNED = on("2024-07-31")


def a_rule(**after: Any) -> MilestoneRule:
    return MilestoneRule(key="completion", name_ko="완료점검", name_en="Final", completes=True, **after)


def a_milestone(due: str = "2024-12-31", signed: date = SIGNED, **changes: Any) -> Milestone:
    fields: dict[str, Any] = {
        "case_id": an_id("case A"),
        "key": "completion",
        "programme_id": PROGRAMME,
        "company_id": an_id("company A"),
        "name_ko": "완료점검",
        "agreed_on": signed,
        "due_on": on(due),
        "completes": True,
        "status": Status.SCHEDULED,
    }
    return Milestone(**fields | changes)


def announced(milestone: Milestone, up_to: str) -> list[tuple[str, str]]:
    return [(deadline.kind, deadline.on.isoformat()) for deadline in domain.deadlines(milestone, on(up_to))]


def test_due_date_is_months_then_days_after_the_agreement() -> None:
    assert domain.due_date(on("2024-08-31"), a_rule(after_months=6)) == on("2025-02-28")
    assert domain.due_date(on("2024-08-31"), a_rule(after_months=6, after_days=2)) == on("2025-03-02")


def test_scheduled_event_has_the_due_date_and_the_company() -> None:
    case = Case(
        case_id=an_id("case A"), programme_id=PROGRAMME, company_id=an_id("company A"), agreed_on=SIGNED
    )

    milestone, event = domain.schedule(case, a_rule(after_months=5), SIGNED)

    assert (event.due_on, event.completes, event.company_id) == (on("2024-12-31"), True, an_id("company A"))
    assert (milestone.status, milestone.due_on) == (Status.SCHEDULED, event.due_on)
    assert (milestone.case_id, milestone.company_id) == (case.case_id, case.company_id)
    assert (milestone.key, milestone.name_ko, milestone.completes) == ("completion", "완료점검", True)
    assert (milestone.programme_id, milestone.agreed_on) == (PROGRAMME, SIGNED)
    assert (event.programme_id, event.case_id, event.milestone) == (PROGRAMME, case.case_id, "completion")
    assert event.occurred_on == SIGNED


def test_a_report_and_an_achievement_keep_their_evidence_and_date() -> None:
    milestone = a_milestone()

    reported = domain.report(milestone, "문서-1", on("2024-12-01"))
    assert (milestone.status, milestone.reported_on, milestone.evidence) == (
        Status.REPORTED,
        on("2024-12-01"),
        "문서-1",
    )
    achieved = domain.achieve(milestone, "문서-2", on("2024-12-02"))

    assert (milestone.achieved_on, milestone.evidence) == (on("2024-12-02"), "문서-2")
    assert (reported.evidence, reported.occurred_on) == ("문서-1", on("2024-12-01"))
    assert (achieved.evidence, achieved.occurred_on) == ("문서-2", on("2024-12-02"))


def test_a_deadline_on_the_day_of_the_agreement_is_announced() -> None:
    assert announced(a_milestone(signed=on("2024-12-01")), "2024-12-01") == [("due_soon_30", "2024-12-01")]


def test_a_report_on_the_due_date_is_in_time() -> None:
    in_time = a_milestone(status=Status.REPORTED, reported_on=on("2024-12-31"))

    assert announced(in_time, "2025-02-01")[-1] == ("due_soon_1", "2024-12-30")


def test_a_milestone_that_was_reported_late_stays_reported_when_its_deadline_is_announced() -> None:
    late = a_milestone(status=Status.REPORTED, reported_on=on("2025-01-03"))
    *_, missed = domain.deadlines(late, on("2025-02-01"))

    domain.announce(late, missed)

    assert late.status == Status.REPORTED


@pytest.mark.parametrize(
    ("up_to", "expected"),
    [
        ("2024-11-30", []),
        ("2024-12-01", [("due_soon_30", "2024-12-01")]),
        ("2024-12-24", [("due_soon_30", "2024-12-01"), ("due_soon_7", "2024-12-24")]),
        (
            "2024-12-31",
            [("due_soon_30", "2024-12-01"), ("due_soon_7", "2024-12-24"), ("due_soon_1", "2024-12-30")],
        ),
    ],
)
def test_deadlines_are_announced_30_7_and_1_days_before(up_to: str, expected: list[tuple[str, str]]) -> None:
    assert announced(a_milestone(), up_to) == expected


def test_missed_is_announced_on_the_day_after_the_due_date() -> None:
    assert announced(a_milestone(), "2024-12-31")[-1] == ("due_soon_1", "2024-12-30")
    assert announced(a_milestone(), "2025-01-01")[-1] == ("missed", "2025-01-01")


def test_a_deadline_before_the_agreement_is_not_announced() -> None:
    short = a_milestone(due="2024-08-14")

    assert announced(short, "2024-08-14") == [("due_soon_7", "2024-08-07"), ("due_soon_1", "2024-08-13")]


def test_a_report_ends_the_reminders() -> None:
    reported = a_milestone(status=Status.REPORTED, reported_on=on("2024-12-20"))

    assert announced(reported, "2025-02-01") == [("due_soon_30", "2024-12-01")]


def test_a_report_after_the_due_date_does_not_undo_missed() -> None:
    late = a_milestone(status=Status.REPORTED, reported_on=on("2025-01-03"))

    assert announced(late, "2025-02-01")[-1] == ("missed", "2025-01-01")


def test_a_missed_milestone_can_still_be_achieved() -> None:
    milestone = a_milestone()
    *_, missed = domain.deadlines(milestone, on("2025-01-01"))

    event = domain.announce(milestone, missed)
    domain.achieve(milestone, "문서-1", on("2025-01-10"))

    assert isinstance(event, MilestoneMissed)
    assert missed.days_left is None
    assert event.occurred_on == on("2025-01-01")
    assert milestone.status == Status.ACHIEVED


def test_a_reminder_has_the_number_of_days_left() -> None:
    milestone = a_milestone()
    first, *_ = domain.deadlines(milestone, on("2024-12-31"))

    event = domain.announce(milestone, first)

    assert isinstance(event, MilestoneDueSoon)
    assert (event.days_left, milestone.status) == (30, Status.SCHEDULED)


def test_a_milestone_is_achieved_once() -> None:
    milestone = a_milestone()
    domain.achieve(milestone, "문서-1", on("2024-12-01"))

    with pytest.raises(RuleBroken, match=r"^milestone_state: ") as refusal:
        domain.achieve(milestone, "문서-2", on("2024-12-02"))

    assert "이미 달성 상태" in refusal.value.ko


def test_abandonment_closes_open_milestones_and_leaves_achieved_ones() -> None:
    still_open, done = a_milestone(), a_milestone(status=Status.ACHIEVED)

    domain.close(still_open)
    domain.close(done)

    assert (still_open.status, done.status) == (Status.CLOSED, Status.ACHIEVED)


def test_every_status_has_its_allowed_transitions() -> None:
    assert set(NEXT) == set(Status)
    assert NEXT[Status.ACHIEVED] == NEXT[Status.CLOSED] == set()
