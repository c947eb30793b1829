"""Rules of an award: made once, relinquished once, and passed on to the next company on the waiting list."""

from datetime import date

from services.applications.awards.models import Award, Outcome
from services.applications.cases.domain import refuse_earlier_date
from services.applications.cases.models import Case
from services.applications.rounds.domain import ALL_TRACKS, quota_key
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected, Via

NEXT = {Outcome.SELECTED: {Outcome.GIVEN_UP}, Outcome.RESERVED: {Outcome.SELECTED, Outcome.GIVEN_UP}}
OUTCOME_KO = {
    Outcome.SELECTED: "선정",
    Outcome.RESERVED: "예비",
    Outcome.REJECTED: "탈락",
    Outcome.GIVEN_UP: "포기",
}
EVENT_FIELDS = {
    *("round_id", "via", "rank", "score", "ranking", "predecessor_receipt_number", "cause", "findings")
}
SelectionEvent = CompanySelected | CompanyReserved | CompanyRejected


def award(case: Case, outcome: Outcome, on: date, **grounds: object) -> tuple[Award, SelectionEvent]:
    """Create the award of a case with its outcome, and with the grounds of the decision where it was ours."""
    via: Via | None = None if outcome != Outcome.SELECTED else "ranking" if grounds else "ministry"
    row = Award.model_validate(
        {
            "case_id": case.id,
            "round_id": case.round_id,
            "quota_key": quota_key(case.track),
            "status": outcome,
            "via": via,
            "decided_on": on,
            **grounds,
        }
    )
    return row, _selection_event(case, row, on)


def promote_from_waiting_list(award: Award, case: Case, predecessor: Case, on: date) -> SelectionEvent:
    """Select a case on the waiting list in place of the predecessor, which relinquished its award."""
    transition(award, to=Outcome.SELECTED)
    award.via, award.decided_on = "reserve", on
    award.predecessor_receipt_number, award.reason = predecessor.receipt_number, None
    return _selection_event(case, award, on)


def relinquish(award: Award, on: date) -> bool:
    """Relinquish an award, selected or reserved; return whether support became free for the next company."""
    refuse_earlier_date(award.decided_on, on)
    was_selected = award.status == Outcome.SELECTED
    transition(award, to=Outcome.GIVEN_UP)
    return was_selected


def require_award(award: Award | None) -> Award:
    """Return the award of a selected case; RuleBroken for any other."""
    if award is None or award.status != Outcome.SELECTED:
        now = OUTCOME_KO[Outcome(award.status)] if award else "선정 전"
        raise RuleBroken(
            "place_needed",
            ko=f"선정된 과제만 협약할 수 있습니다. 이 과제는 지금 '{now}' 상태입니다.",
            en="Only a case that holds a place can sign an agreement.",
        )
    return award


def refuse_beyond_quota(round: Round, selected: int) -> None:
    """Raise RuleBroken where the quota of a top-up round is used up; without a quota there is no limit."""
    quota = round.quota.get(ALL_TRACKS)
    if quota is not None and selected >= quota:
        raise RuleBroken(
            "quota_full",
            ko=f"공고 {round.id}의 {quota}곳이 모두 찼습니다. 정원을 늘린 새 공고를 여세요.",
            en=f"The {quota} places of round {round.id} are taken. Open another round.",
        )


def transition(award: Award, to: Outcome) -> None:
    """Set the outcome; RuleBroken where NEXT does not allow the transition."""
    now = Outcome(award.status)
    if to not in NEXT.get(now, set()):
        raise RuleBroken(
            "place_status",
            ko=f"이 과제는 '{OUTCOME_KO[now]}' 상태라 '{OUTCOME_KO[to]}'(으)로 바꿀 수 없습니다.",
            en=f"This case is {now} and cannot become {to}.",
        )
    award.status = to


def _selection_event(case: Case, award: Award, on: date) -> SelectionEvent:
    event_types: dict[str, type[SelectionEvent]] = {
        Outcome.SELECTED: CompanySelected,
        Outcome.RESERVED: CompanyReserved,
        Outcome.REJECTED: CompanyRejected,
    }
    award_fields = award.model_dump(include=EVENT_FIELDS, exclude_none=True)
    case_fields = case.model_dump(include={"programme_id", "year", "track"})
    return event_types[award.status].model_validate(
        {"case_id": case.id, "occurred_on": on, **case_fields, **award_fields}
    )
