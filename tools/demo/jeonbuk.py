"""Jeonbuk 2024, up to the selection: 176 applications for 70 places, reviews, two that give up."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from tools.demo import actors, case_steps, rounds
from tools.demo.actors import JEONBUK
from tools.demo.applicants import Applicant
from tools.demo.case_steps import Case
from tools.demo.randomness import later, spread_over
from tools.demo.settings import GiveUp, Jeonbuk
from tools.demo.smart_factory_cases import MONTHS
from tools.demo.steps import Call, Step, Strand

REFUSED = "지원 제외 대상: 같은 사업으로 이미 지원받음"


def case_of(story: Jeonbuk, applicant: Applicant) -> Case:
    return Case(story.programme, applicant.company, JEONBUK)


def applications(story: Jeonbuk, applicants: list[Applicant], seed: int) -> list[Strand]:
    random = Random(f"{seed}/applications")
    days = spread_over(story.round.opens_on, story.round.closes_on, len(applicants), random)
    return [_application(story, one, on) for one, on in zip(applicants, days, strict=True)]


def _application(story: Jeonbuk, one: Applicant, on: date) -> list[Step]:
    round_id = rounds.round_of(story.programme, story.round)
    return [
        *case_steps.register(one.company, JEONBUK, on),
        case_steps.apply(case_of(story, one), round_id, one.track, one.total_krw, on),
    ]


def reviews(story: Jeonbuk, definition: Definition, applicants: list[Applicant], seed: int) -> list[Strand]:
    """The first eligible ones get five reviews, the next ones a reviewer who declares a conflict of interest."""
    random = Random(f"{seed}/reviews")
    eligible = [one for one in applicants if one.rank is not None]
    five = eligible[: story.reviewed_by_five]
    conflict = eligible[len(five) : len(five) + story.conflicts_of_interest]
    return [
        _reviewed(story, definition, one, random, five=one in five, conflict=one in conflict)
        for one in applicants
    ]


def _reviewed(
    story: Jeonbuk, definition: Definition, one: Applicant, random: Random, **panel: bool
) -> list[Step]:
    case, on = case_of(story, one), story.reviewed_on
    if one.rank is None or definition.review is None:
        return [rounds.screen(case, story.screened_on, [REFUSED])]
    criteria = definition.review.criteria
    screened = rounds.screen(case, story.screened_on, [])
    return [screened, *rounds.reviews(case, one.mean, criteria, on=on, random=random, **panel)]


def selection(story: Jeonbuk) -> list[Step]:
    """The call is closed, and the ranking fills the places."""
    round_id = rounds.round_of(story.programme, story.round)
    places = sum(track.places for track in story.tracks.values())
    return [
        rounds.close_round(round_id, JEONBUK, later(story.round.closes_on, 1)),
        rounds.select(round_id, JEONBUK, story.selected_on, {"selected": places}),
    ]


def give_ups(story: Jeonbuk, applicants: list[Applicant]) -> list[Strand]:
    """Before the agreement, and after it."""
    return [_given_up(story, applicants, gone) for gone in story.give_ups]


def _given_up(story: Jeonbuk, applicants: list[Applicant], gone: GiveUp) -> list[Step]:
    one = _at(applicants, gone.track, gone.rank)
    leaves = _give_up(story, applicants, gone, case_of(story, one))
    if gone.agreed_on is None:
        return [leaves]
    return [case_steps.sign(case_of(story, one), one.total_krw, MONTHS, gone.agreed_on), leaves]


def _give_up(story: Jeonbuk, applicants: list[Applicant], gone: GiveUp, case: Case) -> Call:
    """By the company itself; the answer must name the track's next reserve."""
    following = _at(applicants, gone.track, story.tracks[gone.track].places + 1)
    return case.call(
        "abandonment",
        "applications",
        "abandonment",
        gone.occurred_on,
        actors.company(case.company.code),
        reason=gone.reason,
    ).expecting(promoted=case_of(story, following).ref)


def _at(applicants: list[Applicant], track: str, rank: int) -> Applicant:
    return next(one for one in applicants if (one.track, one.rank) == (track, rank))
