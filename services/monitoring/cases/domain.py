"""A case as the read models know it, and the preconditions of work on it: an award and an agreement on the day."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from shared.errors import PrerequisiteMissing, RuleBroken


class Case(NamedTuple):
    """A case whose application was folded; a date is null until its event was."""

    case_id: UUID
    programme_id: str
    company_id: UUID
    selected_on: date | None = None
    agreed_on: date | None = None
    relinquished_on: date | None = None


def require_award(case: Case, on: date) -> None:
    """Raise PrerequisiteMissing while no selection has arrived, RuleBroken for a day before it."""
    if case.selected_on is None:
        raise PrerequisiteMissing(
            "selection_not_known_yet",
            ko="이 과제의 선정이 아직 도착하지 않았습니다. 선정되었는지 확인하고 잠시 뒤 다시 보내세요.",
            en="The selection of this case has not arrived here. Check that it is selected; try again shortly.",
        )
    if on < case.selected_on:
        raise RuleBroken(
            "case_not_selected",
            ko=f"{on}에는 선정된 과제가 아닙니다. 선정일 뒤의 날짜로 다시 보내세요.",
            en=f"The case is not selected on {on}. Send a date after its selection.",
        )
    refuse_abandoned(case)


def require_agreement(case: Case, on: date) -> None:
    """Raise PrerequisiteMissing while no agreement has arrived, RuleBroken for a day before it was signed."""
    refuse_abandoned(case)
    if case.agreed_on is None:
        raise agreement_missing()
    if on < case.agreed_on:
        raise RuleBroken(
            "agreement_needed",
            ko=f"{on}에는 협약이 없습니다. 협약을 맺은 뒤의 날짜로 다시 보내세요.",
            en=f"There is no agreement on {on}. Send a date after it was signed.",
        )


def agreement_missing() -> PrerequisiteMissing:
    return PrerequisiteMissing(
        "agreement_not_known_yet",
        ko="이 과제의 협약이 아직 도착하지 않았습니다. 협약을 맺었는지 확인하고 잠시 뒤 다시 보내세요.",
        en="The agreement of this case has not arrived here. Check that it is signed; try again shortly.",
    )


def refuse_abandoned(case: Case) -> None:
    if case.relinquished_on is not None:
        raise RuleBroken(
            "case_abandoned",
            ko=f"{case.relinquished_on}에 포기한 과제입니다. 더 기록할 수 없습니다.",
            en=f"The case was given up on {case.relinquished_on}. Nothing more can be recorded.",
        )
