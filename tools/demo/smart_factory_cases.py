"""Jeonbuk's 70 buildings: who holds a place at the end, agreed when, and how far on the business date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from shared.values.calendar import add_months
from tools.demo.actors import JEONBUK
from tools.demo.applicants import Applicant, holds
from tools.demo.case_steps import Case
from tools.demo.randomness import later, spread_over
from tools.demo.settings import Settings, Standing, TrackStory

MONTHS = 6  # of building, as the definition's completing milestone has it


@dataclass(frozen=True)
class Building:
    """A case that holds a place at the end; `completed_on` where it has been completed."""

    case: Case
    total_krw: int
    agreed_on: date
    standing: Standing
    completed_on: date | None = None


def buildings(settings: Settings, applicants: list[Applicant]) -> list[Building]:
    """As many of each standing as the story says, by track."""
    random = Random(f"{settings.seed}/buildings")
    return [
        building
        for track, of in settings.jeonbuk.tracks.items()
        for building in _of_track(settings, applicants, track, of, random)
    ]


def _of_track(
    settings: Settings, applicants: list[Applicant], track: str, of: TrackStory, random: Random
) -> Iterator[Building]:
    """By lot, but who stepped in later also goes on."""
    held = [one for one in applicants if one.track == track and holds(settings.jeonbuk, track, one.rank)]
    random.shuffle(held)
    held.sort(key=lambda one: one.rank is not None and one.rank > of.places)
    for standing, count in _standings(of):
        for agreed_on in spread_over(*settings.jeonbuk.agreements[standing], count, random):
            one = held.pop(0)
            completed = standing == "completed"
            ended = _completion(agreed_on, settings.business_date, random) if completed else None
            case = Case(settings.jeonbuk.programme, one.company, JEONBUK)
            yield Building(case, one.total_krw, agreed_on, standing, ended)


def _standings(of: TrackStory) -> list[tuple[Standing, int]]:
    """How many stand how; those who go on come last."""
    return [
        ("completed", of.completed),
        ("about_to", of.about_to),
        ("late", of.late),
        ("going_on", of.going_on),
    ]


def _completion(agreed_on: date, business_date: date, random: Random) -> date:
    """On its due date or some days before, and before the business date."""
    last = min(add_months(agreed_on, MONTHS), later(business_date, -1))
    return later(last, -random.randint(1, 8))
