"""The rules of tranches: pure functions that move a row and return the event that says so."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.funding.commitments.domain import needs_self_contribution, refuse_before_agreement
from services.funding.commitments.models import Commitment
from services.funding.programmes.domain import Terms
from services.funding.tranches.models import Status, Tranche
from shared.errors import PrerequisiteMissing, RuleBroken
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
"""Nothing has gone to the treasury: it can still be held or cancelled."""

STOPS = {Status.HELD, Status.CANCELLED}
NEXT: Mapping[str, set[Status]] = {
    Status.SCHEDULED: {Status.READY} | STOPS,
    Status.READY: {Status.REQUESTED} | STOPS,
    Status.REQUESTED: {Status.APPROVED, Status.READY} | STOPS,
    Status.APPROVED: {Status.INSTRUCTED} | STOPS,
    Status.INSTRUCTED: {Status.DISBURSED, Status.READY, Status.UNCONFIRMED},
    Status.UNCONFIRMED: {Status.DISBURSED, Status.READY},
    Status.HELD: {Status.CANCELLED},
    Status.DISBURSED: set(),
    Status.CANCELLED: set(),
}

STANDS: Mapping[str, tuple[str, str]] = {
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


def schedule(commitment: Commitment, terms: Terms, shares_krw: Mapping[Funder, int]) -> list[Tranche]:
    """Public money by the programme's tranche scheme; each funder's last instalment takes its remainder."""
    if not terms.tranches:
        raise RuleBroken(
            "no_tranches",
            ko=f"사업 {commitment.programme_id}의 정의에 지급 회차가 없습니다. 회차를 정한 새 판을 공고하세요.",
            en=f"Programme {commitment.programme_id} defines no tranches. Publish a version that does.",
        )
    rows = instalments(public(shares_krw), [term.part for term in terms.tranches])
    return [
        _row(commitment, term.number, term.milestone, term.due_on(commitment.signed_on), row)
        for term, row in zip(terms.tranches, rows, strict=True)
    ]


def _row(
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
        moved_on=commitment.signed_on,
    )


def scheduled(tranche: Tranche, on: date) -> TrancheScheduled:
    return TrancheScheduled(**said(tranche, on), milestone=tranche.milestone)


def said(tranche: Tranche, on: date) -> dict[str, Any]:
    """What every event about a tranche says."""
    fields = ("programme_id", "case_id", "number", "fiscal_year", "due_on", "amounts_krw")
    return {name: getattr(tranche, name) for name in fields} | {"occurred_on": on}


def by_year(tranches: Iterable[Tranche]) -> list[YearShares]:
    """Their public money, summed by the fiscal year of the due date."""
    years: dict[int, dict[Funder, int]] = {}
    for tranche in tranches:
        shares = years.setdefault(tranche.fiscal_year, {})
        for funder, krw in tranche.amounts_krw.items():
            shares[Funder(funder)] = shares.get(Funder(funder), 0) + krw
    return [YearShares(fiscal_year=year, amounts_krw=years[year]) for year in sorted(years)]


def missing(commitment: Commitment, tranche: Tranche) -> list[tuple[str, str]]:
    """The conditions that do not hold yet, in words, with who can act."""
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
    """Its milestone; work from before the agreement is not paid for."""
    refuse_before_agreement(commitment, on)
    tranche.achieved_on = tranche.achieved_on or on


def make_ready(commitment: Commitment, tranche: Tranche) -> TrancheReady | None:
    """Once, on the day on which the last condition came true, in whatever order we heard of them."""
    if tranche.status != Status.SCHEDULED or missing(commitment, tranche):
        return None
    days = [commitment.signed_on, commitment.self_confirmed_on, tranche.achieved_on]
    on = max(day for day in days if day is not None)
    move(tranche, Status.READY, on)
    return TrancheReady(**said(tranche, on))


def request(commitment: Commitment, tranche: Tranche, by: str, on: date) -> TrancheRequested:
    """기안."""
    refuse_unready(commitment, tranche)
    step(tranche, Status.REQUESTED, on)
    tranche.requested_by = by
    return TrancheRequested(**said(tranche, on), requested_by=by)


def approve(tranche: Tranche, by: str, on: date) -> TrancheApproved:
    """재무관: another person than the requester."""
    step(tranche, Status.APPROVED, on)
    refuse_same_person(tranche, by)
    tranche.approved_by = by
    return TrancheApproved(**said(tranche, on), approved_by=by)


def reject(tranche: Tranche, by: str, reason: str, on: date) -> TrancheRejected:
    """반려: it can be requested again."""
    if tranche.status != Status.REQUESTED:
        raise _not_now(tranche)
    refuse_same_person(tranche, by)
    step(tranche, Status.READY, on)
    forget_people(tranche)
    return TrancheRejected(**said(tranche, on), rejected_by=by, reason=reason)


def hold(tranche: Tranche, reason: str, on: date) -> TrancheHeld:
    """Whatever the date: the registry may tell us late."""
    move(tranche, Status.HELD, max(on, tranche.moved_on))
    return TrancheHeld(**said(tranche, on), reason=reason)


def cancel(tranche: Tranche, on: date) -> None:
    move(tranche, Status.CANCELLED, max(on, tranche.moved_on))


def step(tranche: Tranche, to: Status, on: date) -> None:
    """A step that a person or the treasury takes: never dated before the one that it follows."""
    if to not in NEXT[tranche.status]:
        raise _not_now(tranche)
    if on < tranche.moved_on:
        raise RuleBroken(
            "step_backdated",
            ko=f"{tranche.number}회차의 앞 단계가 {tranche.moved_on}에 있었습니다. 그날이나 뒤의 업무일로 다시 하세요(보낸 날짜 {on}).",
            en=f"The step before was on {tranche.moved_on}. Use that business date or a later one, not {on}.",
        )
    move(tranche, to, on)


def move(tranche: Tranche, to: Status, on: date) -> None:
    if to not in NEXT[tranche.status]:
        raise _not_now(tranche)
    tranche.status, tranche.moved_on = to, on


def _not_now(tranche: Tranche) -> RuleBroken:
    ko, en = STANDS[tranche.status]
    return RuleBroken(
        "tranche_step", ko=f"{tranche.number}회차: {ko}.", en=f"Tranche {tranche.number}: {en}."
    )


def forget_people(tranche: Tranche) -> None:
    """A new request starts with new signatures; the old ones stand in the events."""
    tranche.requested_by = tranche.approved_by = tranche.instructed_by = None


def refuse_unready(commitment: Commitment, tranche: Tranche) -> None:
    """NotYet: the event that brings the missing condition may be on its way."""
    lacking = missing(commitment, tranche)
    if tranche.status == Status.SCHEDULED and lacking:
        ko, en = (", ".join(words) for words in zip(*lacking, strict=True))
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
