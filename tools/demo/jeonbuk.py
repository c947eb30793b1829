"""Jeonbuk 2024 up to the selection: 176 applications for 70 awards, their reviews, and two abandonments."""

from datetime import date
from random import Random

from shared.events.definition import Definition
from tools.demo import actors, case_steps, rounds
from tools.demo.actors import JEONBUK
from tools.demo.applicants import Applicant
from tools.demo.case_steps import Case
from tools.demo.randomness import add_business_days, random_business_days
from tools.demo.settings import Abandonment, JeonbukSettings
from tools.demo.smart_factory_cases import BUILD_MONTHS
from tools.demo.steps import Call, Lane, Step

EXCLUSION_REASON = "지원 제외 대상: 같은 사업으로 이미 지원받음"


def case_of(settings: JeonbukSettings, applicant: Applicant) -> Case:
    return Case(settings.programme, applicant.company, JEONBUK)


def applications(settings: JeonbukSettings, applicants: list[Applicant], seed: int) -> list[Lane]:
    random = Random(f"{seed}/applications")
    window = settings.round.opens_on, settings.round.closes_on
    days = random_business_days(*window, len(applicants), random)
    return [_application(settings, applicant, on) for applicant, on in zip(applicants, days, strict=True)]


def _application(settings: JeonbukSettings, applicant: Applicant, on: date) -> list[Step]:
    case, round_id = case_of(settings, applicant), rounds.round_id_of(settings.programme, settings.round)
    return [
        *case_steps.register(applicant.company, JEONBUK, on),
        case_steps.apply(case, round_id, applicant.track, applicant.total_krw, on),
    ]


def reviews(
    settings: JeonbukSettings, definition: Definition, applicants: list[Applicant], seed: int
) -> list[Lane]:
    """Build screenings and reviews: the first eligible cases get five, the next ones a conflict of interest."""
    random = Random(f"{seed}/reviews")
    eligible = [applicant for applicant in applicants if applicant.rank is not None]
    five = eligible[: settings.reviewed_by_five]
    conflict = eligible[len(five) : len(five) + settings.conflicts_of_interest]
    return [
        _reviewed(settings, definition, row, random, five=row in five, conflict=row in conflict)
        for row in applicants
    ]


def _reviewed(
    settings: JeonbukSettings, definition: Definition, applicant: Applicant, random: Random, **panel: bool
) -> list[Step]:
    case, on = case_of(settings, applicant), settings.reviewed_on
    if applicant.rank is None or definition.review is None:
        return [rounds.screen(case, settings.screened_on, [EXCLUSION_REASON])]
    criteria = definition.review.criteria
    screening = rounds.screen(case, settings.screened_on, [])
    return [screening, *rounds.reviews(case, applicant.mean_score, criteria, on=on, random=random, **panel)]


def selection(settings: JeonbukSettings) -> list[Step]:
    """Build the closing of the round and its selection, which must fill the quota of every track."""
    round_id = rounds.round_id_of(settings.programme, settings.round)
    quota = sum(track.quota for track in settings.tracks.values())
    return [
        rounds.close_round(round_id, JEONBUK, add_business_days(settings.round.closes_on, 1)),
        rounds.select(round_id, JEONBUK, settings.selected_on, {"selected": quota}),
    ]


def abandonments(settings: JeonbukSettings, applicants: list[Applicant]) -> list[Lane]:
    """Build the abandonments: one before the agreement, one after it."""
    return [_abandonment_steps(settings, applicants, abandonment) for abandonment in settings.abandonments]


def _abandonment_steps(
    settings: JeonbukSettings, applicants: list[Applicant], abandonment: Abandonment
) -> list[Step]:
    applicant = _applicant_at(applicants, abandonment.track, abandonment.rank)
    case = case_of(settings, applicant)
    abandon = _abandon(settings, applicants, abandonment, case)
    if abandonment.agreed_on is None:
        return [abandon]
    return [case_steps.sign(case, applicant.total_krw, BUILD_MONTHS, abandonment.agreed_on), abandon]


def _abandon(
    settings: JeonbukSettings, applicants: list[Applicant], abandonment: Abandonment, case: Case
) -> Call:
    """Build the company's own command; the response must name the track's next reserve as promoted."""
    track = abandonment.track
    next_reserve = _applicant_at(applicants, track, settings.tracks[track].quota + 1)
    return case.call(
        "abandonment",
        "applications",
        "abandonment",
        abandonment.occurred_on,
        actors.company(case.company.code),
        reason=abandonment.reason,
    ).expecting(promoted=case_of(settings, next_reserve).placeholder)


def _applicant_at(applicants: list[Applicant], track: str, rank: int) -> Applicant:
    return next(row for row in applicants if (row.track, row.rank) == (track, rank))
