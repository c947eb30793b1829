"""The ranking: exact, the same for every order of input, and with the reason of each place."""

from fractions import Fraction
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.applications.awards.models import Outcome
from services.applications.cases.models import Screening
from services.applications.companies.models import State
from services.applications.selection import domain
from services.applications.selection.domain import Candidate, Scorecard, decide
from shared.errors import RuleBroken
from shared.events.definition import ReviewRule
from shared.values.business_number import check_digit
from tests.unit.applications_builders import IN_WINDOW, RULE, a_candidate, a_case, scored

QUOTA = {"JS1": 2, "JS2": 1}


def outcomes(*candidates: Candidate, quota: dict[str, int] = QUOTA, rule: ReviewRule = RULE) -> list[Outcome]:
    decisions = {one.case_id: one.outcome for one in decide(candidates, rule, quota)}
    return [decisions[one.case_id] for one in candidates]


def test_the_best_fill_the_quota_and_the_others_stand_in_reserve() -> None:
    found = outcomes(a_candidate(10, 10, 10), a_candidate(30, 30, 30), a_candidate(20, 20, 20))

    assert found == [Outcome.RESERVED, Outcome.SELECTED, Outcome.SELECTED]


def test_a_score_is_an_exact_fraction() -> None:
    [one] = decide([a_candidate(83, 83, 84)], RULE, QUOTA)

    assert one.score == Fraction(250, 3)
    assert "평균 83.33점" in one.reason


def test_a_score_is_told_in_hundredths_rounded_half_up() -> None:
    totals = [10] * 200 + [11] * 2  # without the highest and the lowest: 2001/200

    [one] = decide([a_candidate(*totals)], RULE, QUOTA)

    assert one.score == Fraction(2001, 200)
    assert "평균 10.01점" in one.reason


def test_with_four_reviews_all_count_and_with_five_the_highest_and_the_lowest_do_not() -> None:
    [four] = decide([a_candidate(0, 10, 20, 90)], RULE, QUOTA)
    [five] = decide([a_candidate(0, 10, 20, 30, 90)], RULE, QUOTA)

    assert [four.score, five.score] == [Fraction(30), Fraction(20)]
    assert ("최고·최저 제외" in four.reason, "최고·최저 제외" in five.reason) == (False, True)


def test_a_review_with_a_conflict_of_interest_is_left_out_before_anything_is_counted() -> None:
    reviews = [scored(plan=n) for n in (10, 20, 30, 40)] + [scored(plan=100, conflict=True)]

    [one] = decide([a_candidate(reviews=reviews)], RULE, QUOTA)

    assert one.score == 25
    assert "심사 4건" in one.reason


def test_too_few_reviews_without_a_conflict_refuse_the_whole_selection_and_name_the_case() -> None:
    short = a_candidate(
        reviews=[scored(), scored(), scored(conflict=True)], receipt_number="JSF-2024-0002-51"
    )

    with pytest.raises(RuleBroken, match=r"reviews_too_few: .*JSF-2024-0002-51\(2건\)"):
        decide([a_candidate(10, 10, 10), short], RULE, QUOTA)


def test_the_programme_may_ask_for_more_reviews() -> None:
    rule = RULE.model_copy(update={"least": 4})

    with pytest.raises(RuleBroken, match="reviews_too_few"):
        decide([a_candidate(10, 10, 10)], rule, QUOTA)


def test_equal_scores_are_told_apart_by_the_stated_criteria_in_their_order() -> None:
    planned = a_candidate(reviews=[scored(plan=30, effect=0)] * 3)
    needed = a_candidate(reviews=[scored(need=20, plan=10)] * 3)
    effective = a_candidate(reviews=[scored(plan=10, effect=20)] * 3)

    decisions = {one.case_id: one for one in decide([needed, effective, planned], RULE, {"JS1": 1})}

    ranks = [decisions[one.case_id].rank for one in (planned, effective, needed)]
    assert ranks == [1, 2, 3]
    assert decisions[planned.case_id].reason.endswith("동점은 plan 평균(으)로 가렸습니다.")
    assert decisions[effective.case_id].reason.endswith("동점은 plan 평균, effect 평균(으)로 가렸습니다.")


def test_what_the_criteria_leave_equal_is_told_apart_by_business_number() -> None:
    lower = a_candidate(10, 10, 10, business_number="1018100001")
    higher = a_candidate(10, 10, 10, business_number="1018100002")

    decisions = {one.case_id: one for one in decide([higher, lower], RULE, {"JS1": 1})}

    assert decisions[lower.case_id].outcome == Outcome.SELECTED
    assert "사업자등록번호 순서" in decisions[higher.case_id].reason


def test_each_track_has_its_own_places() -> None:
    found = outcomes(
        a_candidate(30, 30, 30, quota_key="JS2"),
        a_candidate(20, 20, 20, quota_key="JS2"),
        a_candidate(10, 10, 10),
    )

    assert found == [Outcome.SELECTED, Outcome.RESERVED, Outcome.SELECTED]


def test_a_case_that_cannot_be_ranked_is_rejected_with_its_reason_and_needs_no_review() -> None:
    barred = a_candidate(barred="요건에 맞지 않아")

    [one] = decide([barred], RULE, QUOTA)

    assert (one.outcome, one.reason, one.rank, one.score) == (
        Outcome.REJECTED,
        "요건에 맞지 않아",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("eligible", "state", "words"),
    [(False, State.OPEN, "요건에 맞지"), (True, State.CLOSED, "폐업"), (True, State.SUSPENDED, "휴업")],
)
def test_an_ineligible_case_and_a_closed_business_are_not_ranked(
    eligible: bool, state: State, words: str
) -> None:
    screening = Screening(case_id=uuid4(), eligible=eligible, reasons=["사유"], screened_on=IN_WINDOW)

    assert words in (domain.barred(state, screening) or "")


def test_an_eligible_case_of_an_open_business_is_ranked() -> None:
    screening = Screening(case_id=uuid4(), eligible=True, reasons=[], screened_on=IN_WINDOW)

    assert domain.barred(State.OPEN, screening) is None


def test_unscreened_cases_refuse_the_selection_and_are_counted() -> None:
    running = [a_case(status="submitted"), a_case(status="eligible"), a_case(status="submitted")]

    with pytest.raises(RuleBroken, match=r"unscreened: .*2건"):
        domain.ready(running, RULE)


def test_a_programme_without_rules_of_review_ranks_nothing() -> None:
    with pytest.raises(RuleBroken, match="no_review_rule"):
        domain.ready([], None)


NUMBERS = st.integers(0, 999).map(lambda n: f"10181{n:04}").map(lambda nine: nine + check_digit(nine))
CARDS = st.builds(
    lambda need, plan, effect: Scorecard({"need": need, "plan": plan, "effect": effect}),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        case_id=st.uuids(),
        receipt_number=st.just("JSF-2024-0001-54"),
        business_number=NUMBERS,
        quota_key=st.sampled_from(["JS1", "JS2"]),
        reviews=st.lists(CARDS, min_size=3, max_size=6),
        barred=st.sampled_from([None, None, None, "요건에 맞지 않아"]),
    ),
    max_size=25,
    unique_by=(lambda one: one.business_number, lambda one: one.case_id),
)
QUOTAS = st.fixed_dictionaries({"JS1": st.integers(0, 8), "JS2": st.integers(0, 8)})


@given(CANDIDATES, QUOTAS, st.randoms(use_true_random=False))
def test_the_order_of_the_input_makes_no_difference(
    candidates: list[Candidate], quota: dict[str, int], random: Random
) -> None:
    shuffled = random.sample(candidates, len(candidates))
    mixed = [
        Candidate(**vars(one) | {"reviews": random.sample(list(one.reviews), len(one.reviews))})
        for one in shuffled
    ]

    assert decide(mixed, RULE, quota) == decide(candidates, RULE, quota)


@given(CANDIDATES, QUOTAS)
def test_every_case_gets_one_decision_and_no_quota_is_exceeded_or_left_open(
    candidates: list[Candidate], quota: dict[str, int]
) -> None:
    decisions = decide(candidates, RULE, quota)

    by_case = {one.case_id: one for one in decisions}
    assert len(decisions) == len(by_case) == len(candidates)
    for key, places in quota.items():
        fit = [one for one in candidates if one.quota_key == key and one.barred is None]
        given_places = [by_case[one.case_id] for one in fit]
        assert sum(one.outcome == Outcome.SELECTED for one in given_places) == min(places, len(fit))
        assert sorted(one.rank or 0 for one in given_places) == list(range(1, len(fit) + 1))


@given(CANDIDATES, QUOTAS)
def test_no_better_score_ever_stands_behind_a_worse_one(
    candidates: list[Candidate], quota: dict[str, int]
) -> None:
    decisions = {one.case_id: one for one in decide(candidates, RULE, quota)}

    for key in quota:
        ranked = [decisions[one.case_id] for one in candidates if one.quota_key == key and not one.barred]
        scores = [one.score or Fraction(0) for one in sorted(ranked, key=lambda one: one.rank or 0)]
        assert scores == sorted(scores, reverse=True)
