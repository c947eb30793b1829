"""Rules of a review: criteria and their limits, conflicts of interest, once per reviewer."""

from typing import Any

import pytest

from services.applications.reviews import domain as reviews
from shared.errors import RuleBroken
from tests.unit.applications_builders import RULE, SELECTED_ON, a_case, refused


def reviewed(
    scores: dict[str, int], conflict: bool = False, status: str = "eligible", rule: Any = RULE
) -> Any:
    return reviews.submit(
        a_case(status=status), rule, "reviewer-1", scores, conflict_of_interest=conflict, on=SELECTED_ON
    )


def test_a_review_scores_every_criterion_up_to_its_limit() -> None:
    _, event = reviewed({"need": 30, "plan": 40, "effect": 0})

    assert (event.reviewer_id, event.scores["plan"]) == ("reviewer-1", 40)


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"need": 1, "plan": 1},
        {"need": 1, "plan": 1, "effect": 1, "price": 1},
        {"need": 31, "plan": 1, "effect": 1},
        {"need": -1, "plan": 1, "effect": 1},
    ],
)
def test_a_review_with_other_criteria_or_beyond_their_limits_is_refused(scores: dict[str, int]) -> None:
    with refused("review_criteria"):
        reviewed(scores)


def test_a_refusal_lists_the_criteria_with_their_ranges() -> None:
    with pytest.raises(
        RuleBroken, match=r"\(need 0~30, plan 0~40, effect 0~30\)\. 잘못된 항목: price, need\."
    ):
        reviewed({"need": 31, "plan": 1, "effect": 1, "price": 1})


def test_a_programme_without_a_review_rule_takes_no_reviews() -> None:
    with pytest.raises(RuleBroken, match=r"^review_criteria: .*\(없음\)\. 잘못된 항목: -\."):
        reviewed({}, rule=None)


def test_a_conflict_of_interest_is_declared_without_scores() -> None:
    _, event = reviewed({}, conflict=True)

    assert (event.conflict_of_interest, event.scores) == (True, {})


@pytest.mark.parametrize("status", ["submitted", "ineligible", "withdrawn", "decided"])
def test_only_eligible_cases_are_reviewed_and_only_before_the_selection(status: str) -> None:
    with refused("review_out_of_turn"):
        reviewed({"need": 1, "plan": 1, "effect": 1}, status=status)


def test_a_reviewer_reviews_a_case_once() -> None:
    before, _ = reviewed({"need": 1, "plan": 1, "effect": 1})

    reviews.refuse_second_review(None)
    with refused("review_once"):
        reviews.refuse_second_review(before)
