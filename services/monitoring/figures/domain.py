"""What figures are computed from, and the small rules that they share: half up, sums, the row of all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
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
    agreed_in: Mapping[int, int] = field(default_factory=dict)
    own_krw: Mapping[int, int] = field(default_factory=dict)

    @property
    def agreed(self) -> int:
        return sum(self.agreed_in.values())

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
    quota: Mapping[str, int]
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
    to the last end of the agreements that hold.
    """

    programme_id: str
    as_of: date
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


def total_of(groups: Iterable[CaseGroup], count: str) -> int:
    return sum(getattr(group, count) for group in groups)
