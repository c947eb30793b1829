"""What figures are computed from, and the small rules that they share: half up, sums, the row of all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from services.monitoring.projections.money import Kind
from shared.events.definition import Definition, Proposal

Json = dict[str, Any]
ALL: Literal["all"] = "all"
PERIOD_AFTER, PERIOD_UNSPLIT = "after", "unsplit"


@dataclass(frozen=True)
class Money:
    """A sum of won of one kind, fiscal year and funder."""

    kind: Kind
    fiscal_year: int
    funder: str
    krw: int


@dataclass(frozen=True)
class CaseGroup:
    """Cases that share years, track and who recorded them, counted by what they are on the day.

    `selected` hold a place now (given-up places do not count, promoted reserves do); `completed` and
    `about_to` are among them. `recorded`: taken over from another system's record.
    `agreed_in` and `own_krw`, what the companies agreed to pay themselves, are by the year of the agreement.
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
    own_krw: Mapping[int, int] = field(default_factory=dict, hash=False)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """In the order of COUNTS."""
        agreed = sum(self.agreed_in.values())
        held = (self.applied, self.selected, self.reserved, agreed)
        return (*held, self.abandoned, self.completed, self.about_to)

    @property
    def years(self) -> str:
        return str(self.year_from) if self.year_from == self.year_to else f"{self.year_from}-{self.year_to}"


@dataclass(frozen=True)
class Place:
    """A municipality's cases in rounds; `finished`: completed or about to."""

    applied: int
    selected: int
    finished: int


@dataclass(frozen=True)
class Call:
    """A round (공고): its year, its places by track, and whether its year was agreed by the day."""

    round_id: str
    year: int
    quota: Mapping[str, int] = field(hash=False)
    is_agreed: bool


@dataclass(frozen=True)
class Report:
    """The newest progress (percent) that the responsible office stated."""

    percent: int
    reported_by_ko: str
    occurred_on: date


@dataclass
class Facts:
    """All that is known of one programme on a business date.

    `money_events`: how many events give money of a kind to a fiscal year. `runs`: by year, from the first start
    to the last end of the agreements that hold. Not `in_detail`: what a row of an overview shows and no more.
    """

    programme_id: str
    as_of: date
    in_detail: bool = True
    definition: Definition | None = None
    version: int = 0
    proposal: Proposal | None = None
    proposed_on: date | None = None
    money: list[Money] = field(default_factory=list)
    cases: list[CaseGroup] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    runs: dict[int, tuple[date, date]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    report: Report | None = None
    visited: int = 0
    money_events: dict[tuple[Kind, int], int] = field(default_factory=dict)

    @property
    def defined(self) -> Definition:
        if self.definition is None:
            raise LookupError(f"{self.programme_id} has no definition on {self.as_of}")
        return self.definition


def half_up(part: int, whole: int) -> int:
    """Percent, rounded half up, in integers alone."""
    return (200 * part + whole) // (2 * whole)


def with_all(row: Mapping[str, int]) -> dict[str, int]:
    """A row of won by funder with its sum in front."""
    return {ALL: sum(row.values()), **row}


def present(groups: Json) -> Json:
    """Without the groups that there are none of: what is not known is absent, never zero."""
    return {name: group for name, group in groups.items() if group is not None and group != {}}


COUNTS = ("applied", "selected", "reserved", "agreed", "abandoned", "completed", "about_to")


def totals_of(groups: Iterable[CaseGroup]) -> dict[str, int]:
    """Each of COUNTS over all groups."""
    columns = zip(*(group.counts for group in groups), strict=True)
    return dict(zip(COUNTS, map(sum, columns), strict=True))
