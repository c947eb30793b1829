"""When milestones fall due, and what may become of them."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.monitoring.cases.models import KnownCase
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


class Due(NamedTuple):
    """A deadline of a milestone whose day has come: what is told, and on which day."""

    kind: str
    on: date
    days_left: DaysLeft | None


def due_date(agreed_on: date, rule: MilestoneRule) -> date:
    """So many months, then days, after the agreement."""
    return add_months(agreed_on, rule.after_months) + timedelta(days=rule.after_days)


def schedule(case: KnownCase, rule: MilestoneRule, agreed_on: date) -> tuple[Milestone, MilestoneScheduled]:
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
    return milestone, MilestoneScheduled(company_id=case.company_id, **said(milestone, agreed_on))


def report(milestone: Milestone, evidence: str, on: date) -> MilestoneReported:
    move(milestone, Status.REPORTED)
    milestone.reported_on, milestone.evidence = on, evidence
    return MilestoneReported(evidence=evidence, **said(milestone, on))


def achieve(milestone: Milestone, evidence: str, on: date) -> MilestoneAchieved:
    move(milestone, Status.ACHIEVED)
    milestone.achieved_on, milestone.evidence = on, evidence
    return MilestoneAchieved(evidence=evidence, **said(milestone, on))


def close(milestone: Milestone) -> None:
    """The case was given up: nothing is due any more."""
    if Status.CLOSED in NEXT[Status(milestone.status)]:
        move(milestone, Status.CLOSED)


def deadlines(milestone: Milestone, up_to: date) -> Iterator[Due]:
    """Those whose day has come since the agreement, up to and with the day.

    A report that was handed in by then ends them: there is nothing left for the company to do.
    """
    for days in DAYS_LEFT:
        on = milestone.due_on - timedelta(days=days)
        if milestone.agreed_on <= on <= up_to and not handed_in(milestone, on):
            yield Due(f"{DUE_SOON}_{days}", on, days)
    after = milestone.due_on + timedelta(days=1)
    if after <= up_to and not handed_in(milestone, milestone.due_on):
        yield Due(MISSED, after, None)


def handed_in(milestone: Milestone, by: date) -> bool:
    return milestone.reported_on is not None and milestone.reported_on <= by


def tell(milestone: Milestone, due: Due) -> MilestoneEvent:
    """The event of a deadline; a missed milestone can still be reported and achieved late."""
    if due.days_left is not None:
        return MilestoneDueSoon(days_left=due.days_left, **said(milestone, due.on))
    if milestone.status == Status.SCHEDULED:
        move(milestone, Status.MISSED)
    return MilestoneMissed(**said(milestone, due.on))


def move(milestone: Milestone, to: Status) -> None:
    if to not in NEXT[Status(milestone.status)]:
        raise RuleBroken(
            "milestone_state",
            ko=f"이정표 '{milestone.name_ko}'은(는) 이미 {KOREAN[Status(milestone.status)]} 상태입니다. 과제 화면에서 확인하세요.",
            en=f"Milestone {milestone.key} is already {milestone.status}. See the page of the case.",
        )
    milestone.status = to


KOREAN = {
    Status.SCHEDULED: "예정",
    Status.REPORTED: "보고",
    Status.ACHIEVED: "달성",
    Status.MISSED: "기한 지남",
    Status.CLOSED: "종료(과제 포기)",
}


def said(milestone: Milestone, on: date) -> dict[str, Any]:
    """What every event of a milestone says."""
    case_id: UUID = milestone.case_id
    return {
        "programme_id": milestone.programme_id,
        "case_id": case_id,
        "milestone": milestone.key,
        "due_on": milestone.due_on,
        "completes": milestone.completes,
        "occurred_on": on,
    }
