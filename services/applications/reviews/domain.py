"""Rules of a review: scores by criterion, only for eligible cases, once per reviewer."""

from collections.abc import Mapping
from datetime import date

from services.applications.cases.domain import STATUS_KO, refuse_earlier_date
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
    """Take a review; with a conflict of interest it needs no scores, since they would not count."""
    refuse_earlier_date(case.submitted_on, on)
    _refuse_unless_eligible(case)
    if scores or not conflict_of_interest:
        _refuse_wrong_scores(rule, scores)
    fields = {
        "case_id": case.id,
        "reviewer_id": reviewer_id,
        "scores": dict(scores),
        "conflict_of_interest": conflict_of_interest,
    }
    submitted = {"programme_id": case.programme_id, "occurred_on": on, **fields}
    return Review.model_validate({"reviewed_on": on, **fields}), ReviewSubmitted.model_validate(submitted)


def refuse_second_review(earlier: Review | None) -> None:
    if earlier is not None:
        raise RuleBroken(
            "review_once",
            ko=f"이 과제는 {earlier.reviewed_on}에 이미 심사하셨습니다. 심사는 한 번만 낼 수 있습니다.",
            en=f"You reviewed this case on {earlier.reviewed_on} already; a review is given once.",
        )


def _refuse_unless_eligible(case: Case) -> None:
    if case.status != Status.ELIGIBLE:
        raise RuleBroken(
            "review_out_of_turn",
            ko=f"과제 {case.receipt_number}은(는) '{STATUS_KO[Status(case.status)]}' 상태입니다. 요건 적합으로 확인된 과제만 선정 전까지 심사합니다.",
            en=f"Case {case.receipt_number} is {case.status}. Only eligible cases are reviewed, before the selection.",
        )


def _refuse_wrong_scores(rule: ReviewRule | None, scores: Mapping[str, int]) -> None:
    limits = rule.criteria if rule else {}
    wrong = sorted(set(limits) ^ set(scores)) + sorted(
        name for name in set(limits) & set(scores) if not 0 <= scores[name] <= limits[name]
    )
    if wrong or not limits:
        ranges = ", ".join(f"{name} 0~{limit}" for name, limit in limits.items()) or "없음"
        raise RuleBroken(
            "review_criteria",
            ko=f"평가항목을 빠짐없이 범위 안에서 채점하세요({ranges}). 잘못된 항목: {', '.join(wrong) or '-'}.",
            en=f"Score every criterion within its range ({ranges}). Wrong: {', '.join(wrong) or '-'}.",
        )
