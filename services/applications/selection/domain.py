"""Ranking of a round: scores, order and what they rest on, as a pure function of its inputs.

Reviews with a conflict of interest are excluded first; at least `least` must remain. The score is the mean of
the totals, without the highest and the lowest where five or more remain, as an exact fraction. Ties are broken
by the programme's stated criteria in their order (by the mean of each, computed alike), and finally by
business number. The best of each track fill its quota; the others are its waiting list in the same order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from services.applications.awards.models import Outcome
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies.models import State
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.applications import Ranking, RejectionCause, TieBreak
from shared.events.definition import Definition, ReviewRule
from shared.events.external import MinistryCompanySelected

MIN_REVIEWS_TO_TRIM = 5
EXCLUDED_STATES: Mapping[State, RejectionCause] = {State.SUSPENDED: "suspended", State.CLOSED: "closed"}


@dataclass(frozen=True)
class Scorecard:
    """Scores of one reviewer by criterion."""

    scores: Mapping[str, int]
    conflict_of_interest: bool = False


@dataclass(frozen=True)
class Exclusion:
    """Why a case is not ranked: its cause, and for an ineligible one what the officer found."""

    cause: RejectionCause
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """Case to be decided; a case with an `exclusion` is rejected without being ranked."""

    case_id: UUID
    receipt_number: str
    business_number: str
    quota_key: str
    reviews: Sequence[Scorecard] = ()
    exclusion: Exclusion | None = None


@dataclass(frozen=True)
class Decision:
    case_id: UUID
    outcome: Outcome
    rank: int | None = None
    score: Fraction | None = None
    ranking: Ranking | None = None
    exclusion: Exclusion | None = None


@dataclass(frozen=True)
class RankedCandidate:
    """Candidate with its score and the means that break ties: higher is better."""

    candidate: Candidate
    reviews: int
    score: Fraction
    ties: tuple[Fraction, ...]

    @property
    def sort_key(self) -> tuple[object, ...]:
        return (-self.score, *(-tie for tie in self.ties), self.candidate.business_number)


def decide(candidates: Iterable[Candidate], rule: ReviewRule, quota: Mapping[str, int]) -> list[Decision]:
    """Return one decision per candidate, independent of their order; RuleBroken where one has too few reviews."""
    eligible: dict[str, list[Candidate]] = {}
    decisions: list[Decision] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.case_id):
        if candidate.exclusion is None:
            eligible.setdefault(candidate.quota_key, []).append(candidate)
        else:
            decisions.append(Decision(candidate.case_id, Outcome.REJECTED, exclusion=candidate.exclusion))
    _refuse_too_few_reviews([candidate for group in eligible.values() for candidate in group], rule.least)
    for quota_key, group in eligible.items():
        decisions += _track_decisions(rank(group, rule), rule, quota.get(quota_key, 0))
    return decisions


def grounds(decision: Decision) -> dict[str, object]:
    """Return what a decision rests on, as an award keeps it: rank, score and ranking, or the exclusion."""
    if decision.exclusion is not None:
        return {"cause": decision.exclusion.cause, "findings": list(decision.exclusion.findings)}
    ranking = decision.ranking and decision.ranking.model_dump(exclude_none=True)
    return {"rank": decision.rank, "score": str(decision.score), "ranking": ranking}


def require_ready(cases: Sequence[Case], rule: ReviewRule | None) -> ReviewRule:
    """Return the review rule; RuleBroken for an application not screened, or a programme without a review rule."""
    unscreened = sum(case.status == Status.SUBMITTED for case in cases)
    if unscreened:
        raise RuleBroken(
            "unscreened",
            ko=f"요건검토를 하지 않은 신청이 {unscreened}건 있습니다. 모두 검토한 뒤에 선정하세요.",
            en=f"{unscreened} applications have not been screened. Screen all of them first.",
        )
    if rule is None:
        raise RuleBroken(
            "no_review_rule",
            ko="심사 기준이 없는 사업이라 순위로 선정할 수 없습니다.",
            en="This programme states no rules of review, so that nothing can be ranked.",
        )
    return rule


def exclusion(company_state: str, screening: Screening) -> Exclusion | None:
    """Return why a case is not ranked; None where it is."""
    if not screening.eligible:
        return Exclusion("ineligible", tuple(screening.reasons))
    cause = EXCLUDED_STATES.get(State(company_state))
    return Exclusion(cause) if cause else None


def refuse_mismatched_selection(
    round: Round, definition: Definition, selection: MinistryCompanySelected
) -> None:
    """Raise RuleBroken unless the ministry's selection fits an open top-up round of the same programme."""
    if round.programme_id != selection.programme_id:
        raise RuleBroken(
            "round_of_another_programme",
            ko=f"공고 {round.id}은(는) 사업 {round.programme_id}의 것입니다. 사업과 공고를 확인하세요.",
            en=f"Round {round.id} belongs to programme {round.programme_id}, not {selection.programme_id}.",
        )
    if definition.entry != "top_up":
        raise RuleBroken(
            "entry_not_top_up",
            ko=f"사업 {round.programme_id}은(는) 중앙부처 선정으로 들어오는 사업이 아닙니다. 기업이 직접 신청해야 합니다.",
            en=f"Programme {round.programme_id} takes applications, not the ministry's selections.",
        )
    if selection.occurred_on < round.opens_on or (
        round.status != "open" and selection.occurred_on > round.closes_on
    ):
        raise RuleBroken(
            "round_window",
            ko=f"{selection.occurred_on}은 공고 {round.id}의 기간({round.opens_on}~{round.closes_on}) 밖입니다.",
            en=f"{selection.occurred_on} is outside the window {round.opens_on} to {round.closes_on} of round {round.id}.",
        )


def rank(group: Iterable[Candidate], rule: ReviewRule) -> list[RankedCandidate]:
    """Sort the candidates of a track from best to worst."""
    return sorted((_ranked(candidate, rule) for candidate in group), key=lambda ranked: ranked.sort_key)


def trimmed_mean(values: Sequence[int]) -> Fraction:
    """Return the exact mean, without the highest and the lowest of five or more values."""
    counted = sorted(values)[1:-1] if len(values) >= MIN_REVIEWS_TO_TRIM else values
    return Fraction(sum(counted), len(counted))


def _ranked(candidate: Candidate, rule: ReviewRule) -> RankedCandidate:
    counted = _without_conflict(candidate)
    score = trimmed_mean([sum(card.scores.values()) for card in counted])
    ties = tuple(trimmed_mean([card.scores[criterion] for card in counted]) for criterion in rule.ties)
    return RankedCandidate(candidate, len(counted), score, ties)


def _without_conflict(candidate: Candidate) -> list[Scorecard]:
    return [card for card in candidate.reviews if not card.conflict_of_interest]


def _refuse_too_few_reviews(eligible: Sequence[Candidate], least: int) -> None:
    short = [candidate for candidate in eligible if len(_without_conflict(candidate)) < least]
    if short:
        named = ", ".join(
            f"{candidate.receipt_number}({len(_without_conflict(candidate))}건)" for candidate in short[:5]
        )
        more = f" 외 {len(short) - 5}건" if len(short) > 5 else ""
        raise RuleBroken(
            "reviews_too_few",
            ko=f"이해충돌을 뺀 심사가 {least}건에 못 미치는 과제가 있습니다: {named}{more}. 심사를 더 받은 뒤 다시 선정하세요.",
            en=f"Fewer than {least} reviews without a conflict of interest: {named}{more}. Have them reviewed first.",
        )


def _track_decisions(ranked: Sequence[RankedCandidate], rule: ReviewRule, quota: int) -> list[Decision]:
    tie_breaks = _tie_breaks(ranked, rule)
    return [
        Decision(
            case_id=entry.candidate.case_id,
            outcome=Outcome.SELECTED if rank <= quota else Outcome.RESERVED,
            rank=rank,
            score=entry.score,
            ranking=Ranking(
                applications=len(ranked),
                quota=quota,
                reviews=entry.reviews,
                trimmed=entry.reviews >= MIN_REVIEWS_TO_TRIM,
                tie_breaks=tie_breaks[rank - 1],
            ),
        )
        for rank, entry in enumerate(ranked, start=1)
    ]


def _tie_breaks(ranked: Sequence[RankedCandidate], rule: ReviewRule) -> list[list[TieBreak]]:
    """Return the tie-breaks that were needed, by rank; none for a rank without a tie."""
    tie_breaks: list[list[TieBreak]] = [[] for _ in ranked]
    for index, (higher, lower) in enumerate(pairwise(ranked)):
        if higher.score == lower.score:
            tie_break = _tie_break(higher, lower, rule)
            tie_breaks[index].append(tie_break)
            tie_breaks[index + 1].append(tie_break)
    return [[one for index, one in enumerate(each) if one not in each[:index]] for each in tie_breaks]


def _tie_break(higher: RankedCandidate, lower: RankedCandidate, rule: ReviewRule) -> TieBreak:
    means = zip(rule.ties, higher.ties, lower.ties, strict=True)
    deciding = next((criterion for criterion, first, second in means if first != second), None)
    if deciding is None:
        return TieBreak(rule="business_number")
    return TieBreak(rule="criterion_mean", criterion=deciding)
