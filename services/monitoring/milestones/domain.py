"""Rules of milestones: due dates, deadlines, and transitions between states."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from services.monitoring.cases.domain import Case
from services.monitoring.milestones.models import NEXT, Milestone, Status
from shared.errors import RuleBroken
from shared.events.definition import MilestoneRule
from shared.events.monitoring import (
    MilestoneAchieved,
    MilestoneDueSoon,
    MilestoneEvent,
    MilestoneMissed,
    MilestoneReported,
    MilestoneScheduled,
)
from shared.values.calendar import add_months

DaysLeft = Literal[30, 7, 1]
DAYS_LEFT: tuple[DaysLeft, ...] = (30, 7, 1)
DUE_SOON, MISSED = "due_soon", "missed"


class Deadline(NamedTuple):
    """Deadline of a milestone whose day has come: its kind, and the day on which it is announced."""

    kind: str
    on: date
    days_left: DaysLeft | None


def due_date(agreed_on: date, rule: MilestoneRule) -> date:
    """Return the day that lies the rule's months, then days, after the agreement."""
    return add_months(agreed_on, rule.after_months) + timedelta(days=rule.after_days)


def schedule(case: Case, rule: MilestoneRule, agreed_on: date) -> tuple[Milestone, MilestoneScheduled]:
    milestone = Milestone(
        case_id=case.case_id,
        key=rule.key,
        programme_id=case.programme_id,
        company_id=case.company_id,
        name_ko=rule.name_ko,
        agreed_on=agreed_on,
        due_on=due_date(agreed_on, rule),
        completes=rule.completes,
    )
    return milestone, MilestoneScheduled(company_id=case.company_id, **event_fields(milestone, agreed_on))


def report(milestone: Milestone, evidence: str, on: date) -> MilestoneReported:
    transition(milestone, Status.REPORTED)
    milestone.reported_on, milestone.evidence = on, evidence
    return MilestoneReported(evidence=evidence, **event_fields(milestone, on))


def achieve(milestone: Milestone, evidence: str, on: date) -> MilestoneAchieved:
    transition(milestone, Status.ACHIEVED)
    milestone.achieved_on, milestone.evidence = on, evidence
    return MilestoneAchieved(evidence=evidence, **event_fields(milestone, on))


def close(milestone: Milestone) -> None:
    """Close an open milestone of an abandoned case: nothing is due any more."""
    if Status.CLOSED in NEXT[Status(milestone.status)]:
        transition(milestone, Status.CLOSED)


def deadlines(milestone: Milestone, up_to: date) -> Iterator[Deadline]:
    """Yield the deadlines whose day has come since the agreement, up to and including the day.

    A report made by then ends them: there is nothing left for the company to do.
    """
    for days in DAYS_LEFT:
        on = milestone.due_on - timedelta(days=days)
        if milestone.agreed_on <= on <= up_to and not is_reported(milestone, on):
            yield Deadline(f"{DUE_SOON}_{days}", on, days)
    after = milestone.due_on + timedelta(days=1)
    if after <= up_to and not is_reported(milestone, milestone.due_on):
        yield Deadline(MISSED, after, None)


def is_reported(milestone: Milestone, by: date) -> bool:
    return milestone.reported_on is not None and milestone.reported_on <= by


def announce(milestone: Milestone, deadline: Deadline) -> MilestoneEvent:
    """Return the event of a deadline; a missed milestone can still be reported and achieved late."""
    if deadline.days_left is not None:
        return MilestoneDueSoon(days_left=deadline.days_left, **event_fields(milestone, deadline.on))
    if milestone.status == Status.SCHEDULED:
        transition(milestone, Status.MISSED)
    return MilestoneMissed(**event_fields(milestone, deadline.on))


def transition(milestone: Milestone, to: Status) -> None:
    """Change the status. Raises RuleBroken where NEXT does not allow it."""
    if to not in NEXT[Status(milestone.status)]:
        raise RuleBroken(
            "milestone_state",
            ko=f"이정표 '{milestone.name_ko}'은(는) 이미 {STATUS_KO[Status(milestone.status)]} 상태입니다. 과제 화면에서 확인하세요.",
            en=f"Milestone {milestone.key} is already {milestone.status}. See the page of the case.",
        )
    milestone.status = to


STATUS_KO = {
    Status.SCHEDULED: "예정",
    Status.REPORTED: "보고",
    Status.ACHIEVED: "달성",
    Status.MISSED: "기한 지남",
    Status.CLOSED: "종료(과제 포기)",
}


def event_fields(milestone: Milestone, on: date) -> dict[str, Any]:
    """Return the fields that all milestone events have."""
    return {
        "programme_id": milestone.programme_id,
        "case_id": milestone.case_id,
        "milestone": milestone.key,
        "due_on": milestone.due_on,
        "completes": milestone.completes,
        "occurred_on": on,
    }
