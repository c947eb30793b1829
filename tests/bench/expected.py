"""What the board must say of the made-up lives on a day, computed from how they were made and from nothing else."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from shared.events.applications import AgreementSigned, ApplicationSubmitted, CompanySelected
from shared.events.monitoring import MentorVisited, MilestoneAchieved
from tests.bench.lives import LIFE, PROGRAMMES, day_of, month_of, place_of, slot_of, year_of

STEP = {step.event: number for number, step in enumerate(LIFE)}


class Kind(NamedTuple):
    """Cases that do everything on the same days in the same place."""

    programme: str
    year: int
    place: str
    slot: int

    def on(self, event: type) -> date:
        step = STEP[event]
        return date(self.year, month_of(step), day_of(step, self.slot))

    @property
    def due(self) -> date:
        return date(self.year, 10, 1)


@dataclass(frozen=True)
class Expected:
    """Of so many whole lives."""

    cases: int

    @cached_property
    def kinds(self) -> dict[str, Counter[Kind]]:
        found: dict[str, Counter[Kind]] = {name.decode(): Counter() for name in PROGRAMMES}
        for number in range(self.cases):
            programme = PROGRAMMES[number % len(PROGRAMMES)].decode()
            found[programme][Kind(programme, year_of(number), place_of(number), slot_of(number))] += 1
        return found

    def figures(self, programme: str, on: date) -> dict[str, int]:
        """By the key of the figure; those of this programme that are not 0."""
        counted: Counter[str] = Counter()
        for kind, cases in self.kinds[programme].items():
            for path in paths(kind, on):
                counted[f"{programme}.{path}"] += cases
        return dict(counted)


def paths(kind: Kind, on: date) -> list[str]:
    """Which figures a case of this kind counts in."""
    is_held = kind.on(CompanySelected) <= on
    is_completed = kind.on(MilestoneAchieved) <= on
    is_about_to = is_held and not is_completed and kind.due - timedelta(30) <= on <= kind.due
    counts = {
        "applied": kind.on(ApplicationSubmitted) <= on,
        "selected": is_held,
        "agreed": kind.on(AgreementSigned) <= on,
        "completed": is_completed,
        "completed_or_about_to": is_completed or is_about_to,
    }
    places = ("applied", "selected", "completed_or_about_to")
    return (
        [f"rounds.{kind.year}.{name}" for name, holds in counts.items() if holds]
        + [f"municipalities.rows.{kind.place}.{name}" for name in places if counts[name]]
        + [f"companies.{kind.year}.completed"] * is_completed
        + ["mentors.companies_visited"] * (kind.on(MentorVisited) <= on)
    )
