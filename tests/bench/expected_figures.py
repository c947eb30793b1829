"""Figures that the board must show for the generated events on a date, computed from the generator's rules alone."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from shared.events.applications import AgreementSigned, ApplicationSubmitted, CompanySelected
from shared.events.monitoring import MentorVisited, MilestoneAchieved
from tests.bench.event_generator import PROGRAMMES, STEPS, day_of, month_of, municipality_of, slot_of, year_of

STEP_OF_EVENT = {step.event: number for number, step in enumerate(STEPS)}


class CaseGroup(NamedTuple):
    """Cases of one programme, year, municipality and slot: they take every step on the same days."""

    programme: str
    year: int
    municipality: str
    slot: int

    def on(self, event: type) -> date:
        step = STEP_OF_EVENT[event]
        return date(self.year, month_of(step), day_of(step, self.slot))

    @property
    def due(self) -> date:
        return date(self.year, 10, 1)


@dataclass(frozen=True)
class Expected:
    """Expected figures of so many whole cases."""

    cases: int

    @cached_property
    def groups(self) -> dict[str, Counter[CaseGroup]]:
        groups: dict[str, Counter[CaseGroup]] = {name.decode(): Counter() for name in PROGRAMMES}
        for number in range(self.cases):
            programme = PROGRAMMES[number % len(PROGRAMMES)].decode()
            group = CaseGroup(programme, year_of(number), municipality_of(number), slot_of(number))
            groups[programme][group] += 1
        return groups

    def figures(self, programme: str, on: date) -> dict[str, int]:
        """Return the programme's figures other than 0, by key."""
        counts: Counter[str] = Counter()
        for group, cases in self.groups[programme].items():
            for key in figure_keys(group, on):
                counts[f"{programme}.{key}"] += cases
        return dict(counts)


def figure_keys(group: CaseGroup, on: date) -> list[str]:
    """Return the keys (without the programme) of the figures in which a case of the group counts."""
    holds_award = group.on(CompanySelected) <= on
    is_completed = group.on(MilestoneAchieved) <= on
    is_about_to = holds_award and not is_completed and group.due - timedelta(30) <= on <= group.due
    counts = {
        "applied": group.on(ApplicationSubmitted) <= on,
        "selected": holds_award,
        "agreed": group.on(AgreementSigned) <= on,
        "completed": is_completed,
        "completed_or_about_to": is_completed or is_about_to,
    }
    by_municipality = ("applied", "selected", "completed_or_about_to")
    return (
        [f"rounds.{group.year}.{name}" for name, counted in counts.items() if counted]
        + [f"municipalities.rows.{group.municipality}.{name}" for name in by_municipality if counts[name]]
        + [f"companies.{group.year}.completed"] * is_completed
        + ["mentors.companies_visited"] * (group.on(MentorVisited) <= on)
    )
