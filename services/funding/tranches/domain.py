"""The rules of tranches: pure functions that change a row and return its event."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.funding.commitments.domain import needs_self_contribution, refuse_before_agreement
from services.funding.commitments.models import Commitment
from services.funding.programmes.domain import FundingTerms
from services.funding.tranches.models import Status, Tranche
from shared.errors import NotFound, PrerequisiteMissing, RuleBroken
from shared.events.funding import (
    TrancheApproved,
    TrancheHeld,
    TrancheReady,
    TrancheRejected,
    TrancheRequested,
    TrancheScheduled,
    YearShares,
)
from shared.values.calendar import fiscal_year
from shared.values.money import Funder, instalments, public

STOPPABLE = {Status.SCHEDULED, Status.READY, Status.REQUESTED, Status.APPROVED}
"""Statuses before the instruction to the treasury: the tranche can still be held or cancelled."""

STOPPED = {Status.HELD, Status.CANCELLED}
NEXT: Mapping[str, set[Status]] = {
    Status.SCHEDULED: {Status.READY} | STOPPED,
    Status.READY: {Status.REQUESTED} | STOPPED,
    Status.REQUESTED: {Status.APPROVED, Status.READY} | STOPPED,
    Status.APPROVED: {Status.INSTRUCTED} | STOPPED,
    Status.INSTRUCTED: {Status.DISBURSED, Status.READY, Status.UNCONFIRMED},
    Status.UNCONFIRMED: {Status.DISBURSED, Status.READY},
    Status.HELD: {Status.CANCELLED},
    Status.DISBURSED: set(),
    Status.CANCELLED: set(),
}

STATUS_TEXT: Mapping[str, tuple[str, str]] = {
    Status.SCHEDULED: ("아직 지급 조건이 갖춰지지 않았습니다", "its conditions are not met yet"),
    Status.READY: ("담당자의 지급 신청(기안)을 기다립니다", "it awaits the officer's request"),
    Status.REQUESTED: (
        "재무관의 승인이나 반려를 기다립니다",
        "it awaits the approver's approval or rejection",
    ),
    Status.APPROVED: ("지출원의 지급명령을 기다립니다", "it awaits the payer's instruction"),
    Status.INSTRUCTED: (
        "금고의 지급 결과를 기다립니다. 그 전에는 다시 지급하지 않습니다",
        "it awaits the treasury's answer and is not paid again before",
    ),
    Status.UNCONFIRMED: (
        "금고의 답이 없습니다. 운영자가 금고에 지급 여부를 확인하세요. 그 전에는 다시 지급하지 않습니다",
        "the treasury has not answered: an operator must ask it; it is not paid again before",
    ),
    Status.DISBURSED: ("이미 지급되었습니다", "it is paid already"),
    Status.HELD: (
        "휴업·폐업한 기업이라 보류 중입니다. 담당자가 과제 포기 여부를 정하세요",
        "it is held: the business is suspended or closed, and the officer must decide about the case",
    ),
    Status.CANCELLED: ("포기한 과제라 취소되었습니다", "it is cancelled: the case was abandoned"),
}


def schedule(commitment: Commitment, terms: FundingTerms, shares_krw: Mapping[Funder, int]) -> list[Tranche]:
    """Split public money by the programme's tranche scheme; each funder's last tranche takes the remainder.

    Raises RuleBroken for a programme without tranches.
    """
    if not terms.tranches:
        raise RuleBroken(
            "no_tranches",
            ko=f"사업 {commitment.programme_id}의 정의에 지급 회차가 없습니다. 회차를 정한 새 판을 공고하세요.",
            en=f"Programme {commitment.programme_id} defines no tranches. Publish a version that does.",
        )
    amounts = instalments(public(shares_krw), [term.part for term in terms.tranches])
    return [
        _new_tranche(commitment, term.number, term.milestone, term.due_on(commitment.signed_on), amounts_krw)
        for term, amounts_krw in zip(terms.tranches, amounts, strict=True)
    ]


def _new_tranche(
    commitment: Commitment, number: int, milestone: str, due_on: date, amounts_krw: Mapping[Funder, int]
) -> Tranche:
    return Tranche(
        case_id=commitment.case_id,
        number=number,
        programme_id=commitment.programme_id,
        milestone=milestone,
        due_on=due_on,
        fiscal_year=fiscal_year(due_on),
        amounts_krw={str(funder): krw for funder, krw in amounts_krw.items()},
        total_krw=sum(amounts_krw.values()),
        status=Status.SCHEDULED,
        status_changed_on=commitment.signed_on,
    )


def scheduled(tranche: Tranche, on: date) -> TrancheScheduled:
    return TrancheScheduled(**event_fields(tranche, on), milestone=tranche.milestone)


def event_fields(tranche: Tranche, on: date) -> dict[str, Any]:
    """Return the fields that all tranche events have."""
    fields = ("programme_id", "case_id", "number", "fiscal_year", "due_on", "amounts_krw")
    return {name: getattr(tranche, name) for name in fields} | {"occurred_on": on}


def shares_by_year(tranches: Iterable[Tranche]) -> list[YearShares]:
    """Return the public money of the tranches, summed by the fiscal year of the due date."""
    years: dict[int, dict[Funder, int]] = {}
    for tranche in tranches:
        shares = years.setdefault(tranche.fiscal_year, {})
        for funder, krw in tranche.amounts_krw.items():
            shares[Funder(funder)] = shares.get(Funder(funder), 0) + krw
    return [YearShares(fiscal_year=year, amounts_krw=years[year]) for year in sorted(years)]


def missing_conditions(commitment: Commitment, tranche: Tranche) -> list[tuple[str, str]]:
    """Return the conditions of a request that do not hold yet, as Korean and English text with the role to act."""
    conditions = [
        (
            needs_self_contribution(commitment),
            "자부담 확인(담당자가 입금 증빙을 등록)",
            "own share confirmed (the officer records the deposit)",
        ),
        (
            tranche.achieved_on is None,
            f"이정표 '{tranche.milestone}' 달성(담당자가 증빙을 확인)",
            f"milestone '{tranche.milestone}' achieved (the officer checks the evidence)",
        ),
        (
            commitment.business_state is not None,
            "휴업·폐업하지 않은 기업",
            "a business that is not suspended or closed",
        ),
        (commitment.abandoned_on is not None, "포기하지 않은 과제", "a case that is not abandoned"),
    ]
    return [(ko, en) for is_missing, ko, en in conditions if is_missing]


def achieve(commitment: Commitment, tranche: Tranche, on: date) -> None:
    """Record that the tranche's milestone was achieved. Raises RuleBroken for a date before the agreement."""
    refuse_before_agreement(commitment, on)
    tranche.achieved_on = tranche.achieved_on or on


def make_ready(commitment: Commitment, tranche: Tranche) -> TrancheReady | None:
    """Make a scheduled tranche ready once all conditions hold; None where it is not scheduled or some are missing.

    Dated the day of the last condition, in whatever order the events arrived.
    """
    if tranche.status != Status.SCHEDULED or missing_conditions(commitment, tranche):
        return None
    days = [commitment.signed_on, commitment.self_confirmed_on, tranche.achieved_on]
    on = max(day for day in days if day is not None)
    set_status(tranche, Status.READY, on)
    return TrancheReady(**event_fields(tranche, on))


def request(commitment: Commitment, tranche: Tranche, by: str, on: date) -> TrancheRequested:
    """Request payment of the tranche (기안). Raises PrerequisiteMissing while conditions are missing."""
    refuse_unready(commitment, tranche)
    transition(tranche, Status.REQUESTED, on)
    tranche.requested_by = by
    return TrancheRequested(**event_fields(tranche, on), requested_by=by)


def approve(tranche: Tranche, by: str, on: date) -> TrancheApproved:
    """Approve the request (재무관). Raises RuleBroken where requester and approver are the same person."""
    transition(tranche, Status.APPROVED, on)
    refuse_same_person(tranche, by)
    tranche.approved_by = by
    return TrancheApproved(**event_fields(tranche, on), approved_by=by)


def reject(tranche: Tranche, by: str, reason: str, on: date) -> TrancheRejected:
    """Reject the request (반려): the tranche can be requested again."""
    if tranche.status != Status.REQUESTED:
        raise wrong_status(tranche)
    refuse_same_person(tranche, by)
    transition(tranche, Status.READY, on)
    clear_signatories(tranche)
    return TrancheRejected(**event_fields(tranche, on), rejected_by=by, reason=reason)


def hold(tranche: Tranche, state: str, on: date) -> TrancheHeld:
    """Hold the tranche of a suspended or closed business, on any date: the business registry may report late."""
    set_status(tranche, Status.HELD, max(on, tranche.status_changed_on))
    return TrancheHeld.model_validate(event_fields(tranche, on) | {"reason": state})


def cancel(tranche: Tranche, on: date) -> None:
    set_status(tranche, Status.CANCELLED, max(on, tranche.status_changed_on))


def transition(tranche: Tranche, to: Status, on: date) -> None:
    """Take a step of a person or the treasury. Raises RuleBroken where it is not allowed now, or is backdated."""
    if to not in NEXT[tranche.status]:
        raise wrong_status(tranche)
    if on < tranche.status_changed_on:
        raise RuleBroken(
            "step_backdated",
            ko=f"{tranche.number}회차의 앞 단계가 {tranche.status_changed_on}에 있었습니다. 그날이나 뒤의 업무일로 다시 하세요(보낸 날짜 {on}).",
            en=f"The step before was on {tranche.status_changed_on}. Use that business date or a later one, not {on}.",
        )
    set_status(tranche, to, on)


def set_status(tranche: Tranche, to: Status, on: date) -> None:
    """Change the status as NEXT allows, whatever the date. Raises RuleBroken otherwise."""
    if to not in NEXT[tranche.status]:
        raise wrong_status(tranche)
    tranche.status, tranche.status_changed_on = to, on


def wrong_status(tranche: Tranche) -> RuleBroken:
    ko, en = STATUS_TEXT[tranche.status]
    return RuleBroken(
        "tranche_step", ko=f"{tranche.number}회차: {ko}.", en=f"Tranche {tranche.number}: {en}."
    )


def clear_signatories(tranche: Tranche) -> None:
    """Clear the three signatories: a new request needs new ones, and the events have the old ones."""
    tranche.requested_by = tranche.approved_by = tranche.instructed_by = None


def refuse_unready(commitment: Commitment, tranche: Tranche) -> None:
    """Raise PrerequisiteMissing where conditions are missing: their events may be on the way."""
    missing = missing_conditions(commitment, tranche)
    if tranche.status == Status.SCHEDULED and missing:
        ko, en = (", ".join(texts) for texts in zip(*missing, strict=True))
        raise PrerequisiteMissing(
            "tranche_not_ready",
            ko=f"{tranche.number}회차를 신청할 수 없습니다. 남은 조건: {ko}.",
            en=f"Tranche {tranche.number} cannot be requested. Still missing: {en}.",
        )


def refuse_same_person(tranche: Tranche, by: str) -> None:
    if by in (tranche.requested_by, tranche.approved_by):
        raise RuleBroken(
            "three_people",
            ko="기안자, 재무관, 지출원은 서로 다른 사람이어야 합니다. 다른 담당자가 처리하세요.",
            en="Requester, approver and payer must be three different people. Somebody else must act.",
        )


def unknown_tranche(number: int) -> NotFound:
    return NotFound(
        "tranche_unknown",
        ko=f"과제에 {number}회차가 없습니다. 회차 번호를 확인하세요.",
        en=f"The case has no tranche {number}. Check the number.",
    )
