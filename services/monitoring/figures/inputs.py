"""Inputs of figures: what the projections hold of a programme on a business date; and sums that figures share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

from services.monitoring.projections.money import MoneyKind
from shared.events.definition import Definition, Proposal

ALL: Literal["all"] = "all"
PERIOD_AFTER, PERIOD_UNSPLIT = "after", "unsplit"


@dataclass(frozen=True)
class MoneySum:
    """A sum of won of one kind, fiscal year and funder."""

    kind: MoneyKind
    fiscal_year: int
    funder: str
    krw: int


@dataclass(frozen=True)
class CaseGroup:
    """Counts of cases with the same years, track and origin, by their state on the day.

    `selected` hold an award now (relinquished awards do not count, promoted reserves do); `completed` and
    `about_to` are among them. `recorded`: past results of another system.
    `agreed_in` and `self_krw`, the agreed self-contributions in won, are by the year of the agreement.
    """

    year_from: int
    year_to: int
    track: str | None
    recorded: bool
    applied: int = 0
    reserved: int = 0
    selected: int = 0
    abandoned: int = 0
    completed: int = 0
    about_to: int = 0
    agreed_in: Mapping[int, int] = field(default_factory=dict, hash=False)
    self_krw: Mapping[int, int] = field(default_factory=dict, hash=False)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Counts in the order of COUNTS."""
        agreed = sum(self.agreed_in.values())
        begun = (self.applied, self.selected, self.reserved, agreed)
        return (*begun, self.abandoned, self.completed, self.about_to)

    @property
    def years(self) -> str:
        return str(self.year_from) if self.year_from == self.year_to else f"{self.year_from}-{self.year_to}"


class MunicipalityCounts(NamedTuple):
    """A municipality's cases in rounds; `finished`: completed or about to be."""

    applied: int
    selected: int
    finished: int


@dataclass(frozen=True)
class RoundInputs:
    """A round (공고): year, quota by track, and whether its year was agreed by the day."""

    round_id: str
    year: int
    quota: Mapping[str, int] = field(hash=False)
    is_agreed: bool


@dataclass(frozen=True)
class StatedProgress:
    """The newest progress (percent) that the responsible office stated."""

    percent: int
    reported_by_ko: str
    occurred_on: date


@dataclass
class FigureInputs:
    """Inputs of all figures of one programme on a business date.

    `money_events`: number of events that give money of a kind to a fiscal year. `agreement_periods`: by year, first
    start and last end of the agreements in force. `published_on`: of its first version; `plan_since`: the day from which the companies have been planned as they
    are now. `computed`: rows that several figures are taken from (figure.once). Not `in_detail`: only what a row of an
    overview shows.
    """

    programme_id: str
    as_of: date
    in_detail: bool = True
    definition: Definition | None = None
    version: int = 0
    proposal: Proposal | None = None
    proposed_on: date | None = None
    money: list[MoneySum] = field(default_factory=list)
    case_groups: list[CaseGroup] = field(default_factory=list)
    municipalities: dict[str, MunicipalityCounts] = field(default_factory=dict)
    agreement_periods: dict[int, tuple[date, date]] = field(default_factory=dict)
    rounds: list[RoundInputs] = field(default_factory=list)
    report: StatedProgress | None = None
    companies_visited: int = 0
    money_events: dict[tuple[MoneyKind, int], int] = field(default_factory=dict)
    published_on: date | None = None
    plan_since: date | None = None
    computed: dict[Callable[..., Any], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def required_definition(self) -> Definition:
        """The definition. Raises LookupError for a programme that is only proposed."""
        if self.definition is None:
            raise LookupError(f"{self.programme_id} has no definition on {self.as_of}")
        return self.definition


def percent_half_up(part: int, whole: int) -> int:
    """Return the percentage, rounded half up, in integers alone."""
    return (200 * part + whole) // (2 * whole)


def with_total(row: Mapping[str, int]) -> dict[str, int]:
    """Return a row of won by funder with its total in front."""
    return {ALL: sum(row.values()), **row}


COUNTS = ("applied", "selected", "reserved", "agreed", "abandoned", "completed", "about_to")


def totals_of(groups: Iterable[CaseGroup]) -> dict[str, int]:
    """Return the sum of each of COUNTS over all groups."""
    columns = zip(*(group.counts for group in groups), strict=True)
    return dict(zip(COUNTS, map(sum, columns), strict=True))
