"""Ranking of a round: exact, independent of the order of its input, with the grounds of each decision."""

from fractions import Fraction
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.applications.awards.models import Outcome
from services.applications.cases.models import Screening
from services.applications.companies.models import State
from services.applications.selection import domain
from services.applications.selection.domain import Candidate, Decision, Exclusion, Scorecard, decide
from shared.errors import RuleBroken
from shared.events.applications import Ranking, TieBreak
from shared.events.definition import ReviewRule
from shared.values.business_number import check_digit
from tests.unit.applications_builders import IN_WINDOW, RULE, a_candidate, a_case, a_scorecard

QUOTA = {"JS1": 2, "JS2": 1}


def outcomes(*candidates: Candidate, quota: dict[str, int] = QUOTA, rule: ReviewRule = RULE) -> list[Outcome]:
    decisions = by_case(decide(candidates, rule, quota))
    return [decisions[candidate.case_id].outcome for candidate in candidates]


def by_case(decisions: list[Decision]) -> dict[UUID, Decision]:
    return {decision.case_id: decision for decision in decisions}


def ranking_of(decision: Decision) -> Ranking:
    assert decision.ranking is not None
    return decision.ranking


def eligible(candidates: list[Candidate], track: str) -> list[UUID]:
    """Case ids of a track's candidates that are to be ranked."""
    return [
        candidate.case_id
        for candidate in candidates
        if candidate.quota_key == track and candidate.exclusion is None
    ]


def test_the_best_fill_the_quota_and_the_others_are_the_waiting_list() -> None:
    decided = outcomes(a_candidate(10, 10, 10), a_candidate(30, 30, 30), a_candidate(20, 20, 20))

    assert decided == [Outcome.RESERVED, Outcome.SELECTED, Outcome.SELECTED]


def test_a_decision_has_its_rank_and_score_and_what_they_rest_on() -> None:
    candidates = [a_candidate(total, total, total) for total in (30, 20, 10)]

    decisions = by_case(decide(candidates, RULE, {"JS1": 2}))

    decided = [decisions[candidate.case_id] for candidate in candidates]
    assert [one.rank for one in decided] == [1, 2, 3]
    assert [one.score for one in decided] == [Fraction(30), Fraction(20), Fraction(10)]
    assert [one.ranking for one in decided] == [
        Ranking(applications=3, quota=2, reviews=3, trimmed=False)
    ] * 3


def test_a_track_without_a_quota_selects_nobody_and_a_programme_without_tracks_is_ranked_as_a_whole() -> None:
    [decision] = decide([a_candidate(10, 10, 10, quota_key="all")], RULE, {"JS1": 2})

    assert decision.outcome == Outcome.RESERVED
    assert decision.ranking == Ranking(applications=1, quota=0, reviews=3, trimmed=False)


def test_a_score_is_an_exact_fraction() -> None:
    [decision] = decide([a_candidate(83, 83, 84)], RULE, QUOTA)

    assert decision.score == Fraction(250, 3)


def test_the_highest_and_the_lowest_of_five_reviews_do_not_count() -> None:
    [four] = decide([a_candidate(0, 10, 20, 90)], RULE, QUOTA)
    [five] = decide([a_candidate(0, 10, 20, 30, 90)], RULE, QUOTA)

    assert [four.score, five.score] == [Fraction(30), Fraction(20)]
    assert [ranking_of(one).trimmed for one in (four, five)] == [False, True]


def test_a_review_with_a_conflict_of_interest_is_excluded_before_trimming() -> None:
    reviews = [a_scorecard(plan=n) for n in (10, 20, 30, 40)] + [a_scorecard(plan=100, conflict=True)]

    [decision] = decide([a_candidate(reviews=reviews)], RULE, QUOTA)

    assert decision.score == 25
    assert ranking_of(decision).reviews == 4


def test_the_whole_selection_is_refused_for_a_case_with_too_few_reviews() -> None:
    short = a_candidate(
        reviews=[a_scorecard(), a_scorecard(), a_scorecard(conflict=True)], receipt_number="JSF-2024-0002-51"
    )

    with pytest.raises(RuleBroken, match=r"reviews_too_few: .*JSF-2024-0002-51\(2건\)"):
        decide([a_candidate(10, 10, 10), short], RULE, QUOTA)


@pytest.mark.parametrize(
    ("cases", "ending"), [(5, r"R-5\(0건\)\."), (6, r"R-5\(0건\) 외 1건\."), (7, r"R-5\(0건\) 외 2건\.")]
)
def test_a_refusal_names_five_cases_with_too_few_reviews_and_counts_the_others(
    cases: int, ending: str
) -> None:
    short = [
        a_candidate(case_id=UUID(int=number), receipt_number=f"R-{number}") for number in range(1, cases + 1)
    ]

    with pytest.raises(RuleBroken, match=rf"R-1\(0건\), .*{ending}"):
        decide(short, RULE, QUOTA)


def test_a_programme_may_require_more_reviews() -> None:
    rule = RULE.model_copy(update={"least": 4})

    with pytest.raises(RuleBroken, match=r"^reviews_too_few: "):
        decide([a_candidate(10, 10, 10)], rule, QUOTA)


def test_ties_are_broken_by_the_stated_criteria_in_their_order() -> None:
    planned = a_candidate(reviews=[a_scorecard(plan=30, effect=0)] * 3)
    needed = a_candidate(reviews=[a_scorecard(need=20, plan=10)] * 3)
    effective = a_candidate(reviews=[a_scorecard(plan=10, effect=20)] * 3)

    decisions = by_case(decide([needed, effective, planned], RULE, {"JS1": 1}))

    ranks = [decisions[candidate.case_id].rank for candidate in (planned, effective, needed)]
    assert ranks == [1, 2, 3]
    by_plan, by_effect = (TieBreak(rule="criterion_mean", criterion=name) for name in ("plan", "effect"))
    tie_breaks = [ranking_of(decisions[one.case_id]).tie_breaks for one in (planned, effective, needed)]
    assert tie_breaks == [[by_plan], [by_plan, by_effect], [by_effect]]


def test_a_tie_break_that_was_needed_on_both_sides_is_named_once() -> None:
    tied = [a_candidate(10, 10, 10) for _ in range(3)]

    decisions = decide(tied, RULE, QUOTA)

    assert {len(ranking_of(decision).tie_breaks) for decision in decisions} == {1}


def test_an_award_holds_rank_score_and_ranking_as_plain_values() -> None:
    tied = [a_candidate(83, 83, 84, business_number=f"101810000{last}") for last in (1, 2)]

    [_, second] = sorted(decide(tied, RULE, QUOTA), key=lambda decision: decision.rank or 0)

    ranking = {"applications": 2, "quota": 2, "reviews": 3, "trimmed": False}
    assert domain.grounds(second) == {
        **{"rank": 2, "score": "250/3"},
        "ranking": ranking | {"tie_breaks": [{"rule": "business_number"}]},
    }


def test_remaining_ties_are_broken_by_business_number() -> None:
    lower = a_candidate(10, 10, 10, business_number="1018100001")
    higher = a_candidate(10, 10, 10, business_number="1018100002")

    decisions = by_case(decide([higher, lower], RULE, {"JS1": 1}))

    assert decisions[lower.case_id].outcome == Outcome.SELECTED
    assert ranking_of(decisions[higher.case_id]).tie_breaks == [TieBreak(rule="business_number")]


def test_each_track_has_its_own_quota() -> None:
    decided = outcomes(
        a_candidate(30, 30, 30, quota_key="JS2"),
        a_candidate(20, 20, 20, quota_key="JS2"),
        a_candidate(10, 10, 10),
    )

    assert decided == [Outcome.SELECTED, Outcome.RESERVED, Outcome.SELECTED]


def test_an_excluded_case_is_rejected_with_its_cause_and_needs_no_review() -> None:
    excluded = a_candidate(exclusion=Exclusion("ineligible", ("이미 지원받음",)))

    [decision] = decide([excluded], RULE, QUOTA)

    assert (decision.outcome, decision.rank, decision.ranking) == (Outcome.REJECTED, None, None)
    assert domain.grounds(decision) == {"cause": "ineligible", "findings": ["이미 지원받음"]}


@pytest.mark.parametrize(
    ("eligible", "state", "exclusion"),
    [
        (False, State.CLOSED, Exclusion("ineligible", ("사유",))),
        (True, State.CLOSED, Exclusion("closed")),
        (True, State.SUSPENDED, Exclusion("suspended")),
    ],
)
def test_an_ineligible_case_and_a_closed_business_are_not_ranked(
    eligible: bool, state: State, exclusion: Exclusion
) -> None:
    screening = Screening(case_id=uuid4(), eligible=eligible, reasons=["사유"], screened_on=IN_WINDOW)

    assert domain.exclusion(state, screening) == exclusion


def test_an_eligible_case_of_an_open_business_is_ranked() -> None:
    screening = Screening(case_id=uuid4(), eligible=True, reasons=[], screened_on=IN_WINDOW)

    assert domain.exclusion(State.OPEN, screening) is None


def test_unscreened_cases_are_counted_and_the_selection_is_refused() -> None:
    running = [a_case(status="submitted"), a_case(status="eligible"), a_case(status="submitted")]

    with pytest.raises(RuleBroken, match=r"unscreened: .*2건"):
        domain.require_ready(running, RULE)


def test_a_programme_without_a_review_rule_cannot_rank() -> None:
    with pytest.raises(RuleBroken, match=r"^no_review_rule: "):
        domain.require_ready([], None)


NUMBERS = (
    st.integers(0, 999)
    .map(lambda n: f"10181{n:04}")
    .map(lambda first_nine: first_nine + check_digit(first_nine))
)
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
        exclusion=st.sampled_from([None, None, None, Exclusion("closed")]),
    ),
    max_size=25,
    unique_by=(lambda candidate: candidate.business_number, lambda candidate: candidate.case_id),
)
QUOTAS = st.fixed_dictionaries({"JS1": st.integers(0, 8), "JS2": st.integers(0, 8)})


@given(CANDIDATES, QUOTAS, st.randoms(use_true_random=False))
def test_the_order_of_the_input_makes_no_difference(
    candidates: list[Candidate], quota: dict[str, int], random: Random
) -> None:
    shuffled = random.sample(candidates, len(candidates))
    mixed = [
        Candidate(
            **vars(candidate) | {"reviews": random.sample(list(candidate.reviews), len(candidate.reviews))}
        )
        for candidate in shuffled
    ]

    assert decide(mixed, RULE, quota) == decide(candidates, RULE, quota)


@given(CANDIDATES, QUOTAS)
def test_every_case_gets_one_decision_and_no_quota_is_exceeded_or_left_open(
    candidates: list[Candidate], quota: dict[str, int]
) -> None:
    decisions = decide(candidates, RULE, quota)

    decided = by_case(decisions)
    assert len(decisions) == len(decided) == len(candidates)
    for track, limit in quota.items():
        ranked = [decided[case_id] for case_id in eligible(candidates, track)]
        assert sum(decision.outcome == Outcome.SELECTED for decision in ranked) == min(limit, len(ranked))
        assert sorted(decision.rank or 0 for decision in ranked) == list(range(1, len(ranked) + 1))


@given(CANDIDATES, QUOTAS)
def test_a_better_score_never_ranks_behind_a_worse_one(
    candidates: list[Candidate], quota: dict[str, int]
) -> None:
    decisions = by_case(decide(candidates, RULE, quota))

    for track in quota:
        ranked = [decisions[case_id] for case_id in eligible(candidates, track)]
        ordered = sorted(ranked, key=lambda decision: decision.rank or 0)
        scores = [decision.score or Fraction(0) for decision in ordered]
        assert scores == sorted(scores, reverse=True)
