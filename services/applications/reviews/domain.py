"""The rules of a review: who may score what, and when."""

from collections.abc import Mapping
from datetime import date

from services.applications.cases.domain import STATUS_KO, refuse_before
from services.applications.cases.models import Case, Status
from services.applications.reviews.models import Review
from shared.errors import RuleBroken
from shared.events.applications import ReviewSubmitted
from shared.events.definition import ReviewRule


def submit(
    case: Case,
    rule: ReviewRule | None,
    reviewer_id: str,
    scores: Mapping[str, int],
    *,
    conflict_of_interest: bool,
    on: date,
) -> tuple[Review, ReviewSubmitted]:
    """A conflict of interest may be declared without scores; they would not count."""
    refuse_before(case.submitted_on, on)
    _refuse_out_of_turn(case)
    if scores or not conflict_of_interest:
        _refuse_other_criteria(rule, scores)
    said = {
        "case_id": case.id,
        "reviewer_id": reviewer_id,
        "scores": dict(scores),
        "conflict_of_interest": conflict_of_interest,
    }
    submitted = {"programme_id": case.programme_id, "occurred_on": on, **said}
    return Review.model_validate({"reviewed_on": on, **said}), ReviewSubmitted.model_validate(submitted)


def refuse_again(before: Review | None) -> None:
    if before is not None:
        raise RuleBroken(
            "review_once",
            ko=f"이 과제는 {before.reviewed_on}에 이미 심사하셨습니다. 심사는 한 번만 낼 수 있습니다.",
            en=f"You reviewed this case on {before.reviewed_on} already; a review is given once.",
        )


def _refuse_out_of_turn(case: Case) -> None:
    if case.status != Status.ELIGIBLE:
        raise RuleBroken(
            "review_out_of_turn",
            ko=f"과제 {case.receipt_number}은(는) '{STATUS_KO[Status(case.status)]}' 상태입니다. 요건 적합으로 확인된 과제만 선정 전까지 심사합니다.",
            en=f"Case {case.receipt_number} is {case.status}. Only eligible cases are reviewed, before the selection.",
        )


def _refuse_other_criteria(rule: ReviewRule | None, scores: Mapping[str, int]) -> None:
    most = rule.criteria if rule else {}
    wrong = sorted(set(most) ^ set(scores)) + sorted(
        name for name in set(most) & set(scores) if not 0 <= scores[name] <= most[name]
    )
    if wrong or not most:
        due = ", ".join(f"{name} 0~{limit}" for name, limit in most.items()) or "없음"
        raise RuleBroken(
            "review_criteria",
            ko=f"평가항목을 빠짐없이 범위 안에서 채점하세요({due}). 잘못된 항목: {', '.join(wrong) or '-'}.",
            en=f"Score every criterion within its range ({due}). Wrong: {', '.join(wrong) or '-'}.",
        )
