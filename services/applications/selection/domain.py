"""The ranking: scores, order and the reason of each place, as a pure function over plain inputs.

Reviews with a conflict of interest are left out first; at least `least` must remain. A score is the mean of
the totals, without the highest and the lowest where five or more remain, as an exact fraction. Equal scores
are told apart by the programme's stated criteria in their order (each one's mean, taken alike), last by
business number. Each track's best fill its quota; all others stand on its reserve list in the same order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from services.applications.awards.models import Outcome
from services.applications.cases.models import Case, Screening, Status
from services.applications.companies.domain import STATE_KO
from services.applications.companies.models import State
from services.applications.rounds.domain import ALL
from services.applications.rounds.models import Round
from shared.errors import RuleBroken
from shared.events.definition import Definition, ReviewRule
from shared.events.external import MinistryCompanySelected

FEWEST_TO_TRIM = 5
MINISTRY_REASON = "중앙부처가 선정한 기업이므로 심사 없이 지방비를 더해 지원합니다."


@dataclass(frozen=True)
class Scorecard:
    """One reviewer's scores by criterion."""

    scores: Mapping[str, int]
    conflict_of_interest: bool = False


@dataclass(frozen=True)
class Candidate:
    """A case in the running; `barred` says why it cannot be ranked, if it cannot."""

    case_id: UUID
    receipt_number: str
    business_number: str
    quota_key: str
    reviews: Sequence[Scorecard] = ()
    barred: str | None = None


@dataclass(frozen=True)
class Decision:
    case_id: UUID
    outcome: Outcome
    reason: str
    rank: int | None = None
    score: Fraction | None = None


@dataclass(frozen=True)
class Ranked:
    """A candidate with what it is ordered by: higher is better, the business number decides last."""

    candidate: Candidate
    reviews: int
    score: Fraction
    ties: tuple[Fraction, ...]

    @property
    def order(self) -> tuple[object, ...]:
        return (-self.score, *(-tie for tie in self.ties), self.candidate.business_number)


def decide(candidates: Iterable[Candidate], rule: ReviewRule, quota: Mapping[str, int]) -> list[Decision]:
    """One decision for each candidate; the order in which they come makes no difference."""
    fit: dict[str, list[Candidate]] = {}
    decisions: list[Decision] = []
    for one in sorted(candidates, key=lambda one: one.case_id):
        if one.barred is None:
            fit.setdefault(one.quota_key, []).append(one)
        else:
            decisions.append(Decision(one.case_id, Outcome.REJECTED, one.barred))
    _refuse_too_few_reviews([one for group in fit.values() for one in group], rule.least)
    for key, group in fit.items():
        decisions += _places(key, rank(group, rule), rule, quota.get(key, 0))
    return decisions


def ready(running: Sequence[Case], rule: ReviewRule | None) -> ReviewRule:
    """The rule of review, where every application has been screened and the programme ranks at all."""
    unscreened = sum(case.status == Status.SUBMITTED for case in running)
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


def barred(company_state: str, screened: Screening) -> str | None:
    """Why a case is not ranked, in words that the company is told."""
    if not screened.eligible:
        return f"요건에 맞지 않아 순위를 매기지 않았습니다: {'; '.join(screened.reasons)}"
    if company_state != State.OPEN:
        return f"{STATE_KO[State(company_state)]}한 사업자라 순위를 매기지 않았습니다."
    return None


def refuse_unfit_selection(call: Round, terms: Definition, told: MinistryCompanySelected) -> None:
    """What the ministry tells must fit a top-up round of that programme, from its first day until it is closed."""
    if call.programme_id != told.programme_id:
        raise RuleBroken(
            "round_of_another_programme",
            ko=f"공고 {call.id}은(는) 사업 {call.programme_id}의 것입니다. 사업과 공고를 확인하세요.",
            en=f"Round {call.id} belongs to programme {call.programme_id}, not {told.programme_id}.",
        )
    if terms.entry != "top_up":
        raise RuleBroken(
            "entry_not_top_up",
            ko=f"사업 {call.programme_id}은(는) 중앙부처 선정으로 들어오는 사업이 아닙니다. 기업이 직접 신청해야 합니다.",
            en=f"Programme {call.programme_id} takes applications, not the ministry's selections.",
        )
    if told.occurred_on < call.opens_on or (call.status != "open" and told.occurred_on > call.closes_on):
        raise RuleBroken(
            "round_window",
            ko=f"{told.occurred_on}은 공고 {call.id}의 기간({call.opens_on}~{call.closes_on}) 밖입니다.",
            en=f"{told.occurred_on} is outside the window {call.opens_on} to {call.closes_on} of round {call.id}.",
        )


def rank(group: Iterable[Candidate], rule: ReviewRule) -> list[Ranked]:
    return sorted((_ranked(one, rule) for one in group), key=lambda ranked: ranked.order)


def mean(values: Sequence[int]) -> Fraction:
    """Without the highest and the lowest where there are five or more."""
    kept = sorted(values)[1:-1] if len(values) >= FEWEST_TO_TRIM else values
    return Fraction(sum(kept), len(kept))


def _ranked(candidate: Candidate, rule: ReviewRule) -> Ranked:
    counted = _without_conflict(candidate)
    score = mean([sum(card.scores.values()) for card in counted])
    ties = tuple(mean([card.scores[criterion] for card in counted]) for criterion in rule.ties)
    return Ranked(candidate, len(counted), score, ties)


def _without_conflict(candidate: Candidate) -> list[Scorecard]:
    return [card for card in candidate.reviews if not card.conflict_of_interest]


def _refuse_too_few_reviews(fit: Sequence[Candidate], least: int) -> None:
    short = [one for one in fit if len(_without_conflict(one)) < least]
    if short:
        named = ", ".join(f"{one.receipt_number}({len(_without_conflict(one))}건)" for one in short[:5])
        more = f" 외 {len(short) - 5}건" if len(short) > 5 else ""
        raise RuleBroken(
            "reviews_too_few",
            ko=f"이해충돌을 뺀 심사가 {least}건에 못 미치는 과제가 있습니다: {named}{more}. 심사를 더 받은 뒤 다시 선정하세요.",
            en=f"Fewer than {least} reviews without a conflict of interest: {named}{more}. Have them reviewed first.",
        )


def _places(key: str, ranked: Sequence[Ranked], rule: ReviewRule, places: int) -> list[Decision]:
    told = _ties_told(ranked, rule)
    return [
        Decision(
            case_id=one.candidate.case_id,
            outcome=Outcome.SELECTED if number <= places else Outcome.RESERVED,
            reason=f"{_standing(key, one, number, len(ranked))} {_result(number, places)}{told[number - 1]}",
            rank=number,
            score=one.score,
        )
        for number, one in enumerate(ranked, start=1)
    ]


def _standing(key: str, one: Ranked, number: int, applied: int) -> str:
    where = "전체" if key == ALL else f"{key} 트랙"
    trimmed = ", 최고·최저 제외" if one.reviews >= FEWEST_TO_TRIM else ""
    return (
        f"{where} {applied}개 과제 중 {number}위(심사 {one.reviews}건{trimmed}, 평균 {_points(one.score)}점)."
    )


def _result(number: int, places: int) -> str:
    if number <= places:
        return f"선정 {places}곳 안에 들어 선정되었습니다."
    return f"선정 {places}곳이 차서 예비 {number - places}번입니다."


def _ties_told(ranked: Sequence[Ranked], rule: ReviewRule) -> list[str]:
    """For each rank, by what it was told apart from a neighbour with the same score."""
    by: list[list[str]] = [[] for _ in ranked]
    for above, (one, other) in enumerate(pairwise(ranked)):
        if one.score == other.score:
            criterion = _told_apart_by(one, other, rule)
            by[above].append(criterion)
            by[above + 1].append(criterion)
    return [f" 동점은 {', '.join(dict.fromkeys(found))}(으)로 가렸습니다." if found else "" for found in by]


def _told_apart_by(one: Ranked, other: Ranked, rule: ReviewRule) -> str:
    pairs = zip(rule.ties, one.ties, other.ties, strict=True)
    return next((f"{name} 평균" for name, mine, theirs in pairs if mine != theirs), "사업자등록번호 순서")


def _points(score: Fraction) -> str:
    """Hundredths, rounded half up; the exact fraction stands beside it in `score`."""
    hundredths = int(score * 100 + Fraction(1, 2))
    return f"{hundredths // 100}.{hundredths % 100:02}"
