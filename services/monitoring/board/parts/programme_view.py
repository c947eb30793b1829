"""What one programme's page and its row in the overview show: a section appears when its data is there.

What an overview makes hundreds of are tuples: they are made faster than frozen dataclasses.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from services.monitoring.board.parts.values import UNKNOWN, Figure, State, Text, Window, YearRange
from shared.values.money import Funder

Stage = Literal["consultation", "running", "history"]
"""consultation: proposed, not published; running: published with funders; history: only past results."""

RowFunder = Funder | Literal["all"]
"""Whose row of a table of money it is; `all` is the total row."""


@dataclass(frozen=True, slots=True)
class Period:
    """A column of the investment plan: `2022`, or a half such as `2026H1`."""

    key: str
    is_current: bool = False  # the as-of date lies in it


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One funder's row of the investment plan, in won."""

    funder: RowFunder
    share: (
        int | None
    )  # the funder's part of the ratio as the definition gives it (50; 5): None in a total without
    total: Figure  # 총사업비 = A + B + C
    invested: Figure  # 기투자(A): booked before the term
    term: Figure  # 임기내(B), subtotal
    cells: tuple[Figure, ...]  # 임기내 by period, in the order of MoneyTable.periods
    after: Figure  # 이후(C)


@dataclass(frozen=True, slots=True)
class MoneyTable:
    """The funder by period table as the document prints it; the first row is the total."""

    periods: tuple[Period, ...]
    rows: tuple[MoneyRow, ...]
    after_from: str | None  # the period after which C counts, such as `2026H2`


@dataclass(frozen=True, slots=True)
class MoneyYear:
    """A year of past spending, or a period of the plan: what was planned and what was executed, in won."""

    key: str  # `2022`, `2026H1`
    planned: Figure
    executed: tuple[tuple[Funder, Figure], ...]  # by funder; empty where the period cannot be told apart


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """One funder's year, in won: planned, committed by agreements, disbursed by confirmed payments."""

    funder: RowFunder
    planned: Figure
    committed: Figure
    disbursed: Figure


@dataclass(frozen=True, slots=True)
class Execution:
    """A fiscal year's execution by funder; the first row, `all`, is the total of the public purses."""

    fiscal_year: int
    rows: tuple[ExecutionRow, ...]

    @property
    def has_plan(self) -> bool:
        """Without one there is nothing to hold the year against."""
        return any(row.planned.value is not None for row in self.rows)


class CompanyYear(NamedTuple):
    """Companies of one year (or of a range of years that a document gives as one), by status."""

    years: YearRange
    completed: Figure
    in_progress: Figure  # selected, not completed
    planned_new: Figure = UNKNOWN  # newly planned in the year; None where the definition says nothing


@dataclass(frozen=True, slots=True)
class IndicatorYear:
    """One year of an indicator: the target of the year and what was reached in it."""

    year: int
    target: int
    achieved: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """A pledge's indicator: what is counted, the target of the whole term, the years."""

    key: str
    name: Text
    counted_in: Text  # 회, 곳
    target: Figure
    achieved: Figure
    years: tuple[IndicatorYear, ...]


@dataclass(frozen=True, slots=True)
class ComputedProgress:
    """A progress computed from figures, beside what the office states: part of whole, in one unit."""

    key: Literal["agreements", "investment"]  # agreements: times; investment: won
    part: Figure
    whole: Figure


@dataclass(frozen=True, slots=True)
class Pledge:
    """The pledge's progress as the responsible office stated it, and as it can be computed."""

    name: Text
    office: Text
    stated_percent: Figure
    reported_on: date | None
    computed: tuple[ComputedProgress, ...] = ()


class Round(NamedTuple):
    """One year's call, in companies; the funnel is drawn from it."""

    year: int
    runs: Window | None
    planned: Figure = UNKNOWN  # companies planned for the year
    applied: Figure = UNKNOWN
    quota: Figure = UNKNOWN
    selected: Figure = UNKNOWN  # holding a place now
    reserved: Figure = UNKNOWN  # waiting on the reserve list
    agreed: Figure = UNKNOWN
    abandoned: Figure = UNKNOWN
    completed: Figure = UNKNOWN
    about_to: Figure = UNKNOWN  # final milestone due within 0-30 days
    completed_or_about_to: Figure = UNKNOWN


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track of a round, in companies. The total row has key `all`."""

    key: str
    level: Text | None
    means: Text | None
    applied: Figure
    quota: Figure
    selected: Figure
    completed_or_about_to: Figure
    planned_next: Figure


@dataclass(frozen=True, slots=True)
class TrackTable:
    """The tracks of a year and what the next year plans; the first row is the total."""

    year: int
    next_year: int | None
    rows: tuple[TrackRow, ...]


@dataclass(frozen=True, slots=True)
class Mentors:
    """Mentors of a programme: how many, how many companies they visited, of how many selected."""

    mentors: Figure
    visited: Figure  # companies with at least one visit
    selected: Figure
    residency_max_weeks: int | None = None


@dataclass(frozen=True, slots=True)
class MunicipalityRow:
    """One municipality's companies in a round. The total row has code `all`."""

    code: str
    name: Text
    applied: Figure
    selected: Figure
    completed_or_about_to: Figure


@dataclass(frozen=True, slots=True)
class DueMilestone:
    """A milestone that falls due soon, and the cases that must reach it by then."""

    due_on: date
    name: Text
    state: State
    cases: tuple[tuple[str, str], ...]  # (case id, company's name)


@dataclass(frozen=True, slots=True)
class ConsultedMunicipality:
    """A municipality that is asked, and the share that it pledged (won), if it answered."""

    code: str
    name: Text
    pledged: Figure = UNKNOWN
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Consultation:
    """A programme before it exists: who is asked, who would pay, who answered."""

    asked: Figure
    answered: Figure
    funders: tuple[Funder, ...]
    proposed_on: date
    municipalities: tuple[ConsultedMunicipality, ...]
    agency: Text | None = None
    reason: Text | None = None
    answer_by: date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A problem that the plan foresees, and its answer."""

    problem: Text
    answer: Text


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """One programme as of a business date. A section whose field is None or empty does not appear."""

    id: str
    name: Text
    short: Text  # for rows, crumbs and titles of other pages
    region: Text  # the authority that runs it: 김천시
    stage: Stage
    years: YearRange
    last_event_on: date | None  # business date of the newest event that counts here
    facts: tuple[Text, ...] = ()  # short facts under the title: 지속사업, …
    ratio: tuple[tuple[Funder, int], ...] = ()  # 50:10:20:20
    total: Figure = UNKNOWN  # 총사업비, won
    invested: Figure = UNKNOWN  # 기투자(A), won
    companies_planned: Figure = UNKNOWN  # of the whole programme
    max_support_percent: Figure = UNKNOWN  # public support's cap, percent of the building cost
    municipalities_count: Figure = UNKNOWN
    has_calls: bool = True  # companies apply; False where the programme adds to what another one selected
    money: MoneyTable | None = None
    money_years: tuple[MoneyYear, ...] = ()  # oldest first
    execution: Execution | None = None
    companies: tuple[CompanyYear, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    pledge: Pledge | None = None
    rounds: tuple[Round, ...] = ()  # oldest first; the last one may be only planned
    tracks: TrackTable | None = None
    mentors: Mentors | None = None
    municipalities: tuple[MunicipalityRow, ...] = ()  # total row first
    due: tuple[DueMilestone, ...] = ()
    consultation: Consultation | None = None
    risks: tuple[Risk, ...] = ()
    related: tuple[tuple[str, Text], ...] = ()  # programmes of the same pledge: (id, name)
