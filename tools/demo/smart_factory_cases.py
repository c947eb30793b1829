"""Jeonbuk's 70 smart factory cases: the holders of an award, date of agreement, progress on the business date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from shared.values.calendar import add_months
from tools.demo.actors import JEONBUK
from tools.demo.applicants import Applicant, holds_award
from tools.demo.case_steps import Case
from tools.demo.randomness import add_business_days, random_business_days
from tools.demo.settings import Progress, Settings, TrackCounts

BUILD_MONTHS = 6  # as the definition's completing milestone has it


@dataclass(frozen=True)
class SmartFactoryCase:
    """A case that holds an award at the end; `completed_on` is None unless it is completed."""

    case: Case
    total_krw: int
    agreed_on: date
    progress: Progress
    completed_on: date | None = None


def smart_factory_cases(settings: Settings, applicants: list[Applicant]) -> list[SmartFactoryCase]:
    """Build as many cases of each progress as the settings state, by track."""
    random = Random(f"{settings.seed}/buildings")
    return [
        case
        for track, counts in settings.jeonbuk.tracks.items()
        for case in _cases_of_track(settings, applicants, track, counts, random)
    ]


def _cases_of_track(
    settings: Settings, applicants: list[Applicant], track: str, counts: TrackCounts, random: Random
) -> Iterator[SmartFactoryCase]:
    """Draw the progress of each case at random; promoted reserves come last and are still going on."""
    holders = [
        row for row in applicants if row.track == track and holds_award(settings.jeonbuk, track, row.rank)
    ]
    random.shuffle(holders)
    holders.sort(key=lambda row: row.rank is not None and row.rank > counts.quota)
    for progress, count in _progress_counts(counts):
        for agreed_on in random_business_days(*settings.jeonbuk.agreements[progress], count, random):
            holder = holders.pop(0)
            completed = progress == "completed"
            completed_on = _completion(agreed_on, settings.business_date, random) if completed else None
            case = Case(settings.jeonbuk.programme, holder.company, JEONBUK)
            yield SmartFactoryCase(case, holder.total_krw, agreed_on, progress, completed_on)


def _progress_counts(counts: TrackCounts) -> list[tuple[Progress, int]]:
    """Return the number of cases of each progress, with `going_on` last."""
    return [
        ("completed", counts.completed),
        ("about_to", counts.about_to),
        ("late", counts.late),
        ("going_on", counts.going_on),
    ]


def _completion(agreed_on: date, business_date: date, random: Random) -> date:
    """Draw a date of completion: some days before the due date, and before the business date."""
    last = min(add_months(agreed_on, BUILD_MONTHS), add_business_days(business_date, -1))
    return add_business_days(last, -random.randint(1, 8))
