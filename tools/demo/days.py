"""The scenario in date order: the steps of each date, by phase, each lane's in their order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from operator import itemgetter

from shared.values.clock import SEOUL
from tools.demo.steps import Call, Lane, Phase, Publish, Step

WORK_BEGINS, WORK_ENDS = time(10), time(18)
DATE_FIELDS = ("occurred_on", "up_to")


@dataclass(frozen=True)
class Day:
    """The steps of one date: in each phase the part of each lane that is played on it."""

    date: date
    phases: list[Phase]

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)

    @property
    def begins_at(self) -> datetime:
        """The moment to which the business clock is moved before the steps of this date."""
        return datetime.combine(self.date, WORK_BEGINS, SEOUL)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.date, WORK_ENDS, SEOUL)


def days(phases: Iterable[Phase]) -> list[Day]:
    """Return the phases' steps in date order."""
    by_date: defaultdict[date, list[Phase]] = defaultdict(list)
    for phase in phases:
        for on, lanes in _lanes_by_date(phase.lanes).items():
            by_date[on].append(Phase(phase.name_ko, phase.name_en, lanes))
    return [Day(on, by_date[on]) for on in sorted(by_date)]


def _lanes_by_date(lanes: Iterable[Lane]) -> dict[date, list[Lane]]:
    by_date: defaultdict[date, list[Lane]] = defaultdict(list)
    for lane in lanes:
        for on, steps in groupby(dated(lane), key=itemgetter(0)):
            by_date[on].append([step for _, step in steps])
    return by_date


def dated(lane: Lane) -> Iterator[tuple[date, Step]]:
    """Yield (date, step) for each step of a lane: its own date, but never one before that of the step before it.

    A step without a date has that of the step before it; the first of a lane that of the first step with one.
    """
    on = next(own for step in lane if (own := date_of(step)))
    for step in lane:
        on = max(on, date_of(step) or on)
        yield on, step


def date_of(step: Step) -> date | None:
    """Return the date that a step states, None where it states none."""
    match step:
        case Call(body=body):
            return next((date.fromisoformat(body[name]) for name in DATE_FIELDS if name in body), None)
        case Publish(data=data, not_before=not_before):
            on = date.fromisoformat(data["occurred_on"])
            return max(on, not_before or on)
        case _:
            return None


def by_month(days: Iterable[Day]) -> Iterator[tuple[date, list[Day]]]:
    """Yield (first of the month, its days) for each month in which something is played."""
    for month, group in groupby(days, key=lambda day: day.date.replace(day=1)):
        yield month, list(group)
