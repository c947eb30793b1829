"""Every view model that the monitoring service passes to a page, and the page's own frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.monitoring.board.parts.case_view import (
    CaseRow,
    CaseStatus,
    CasesView,
    CaseView,
    Choice,
    Company,
    ExpectedEntry,
    Message,
    Milestone,
    PaymentStep,
    Purse,
    Selection,
    TimelineEntry,
    Tranche,
)
from services.monitoring.board.parts.lineage_view import LineageCase, LineageEvent, LineageView, RawEvent
from services.monitoring.board.parts.programme_view import (
    CompanyYear,
    ComputedProgress,
    Consultation,
    ConsultedMunicipality,
    DueMilestone,
    Execution,
    ExecutionRow,
    Indicator,
    IndicatorYear,
    Mentors,
    MoneyRow,
    MoneyTable,
    MoneyYear,
    MunicipalityRow,
    Period,
    Pledge,
    ProgrammeView,
    Risk,
    Round,
    TrackRow,
    TrackTable,
)
from services.monitoring.board.parts.values import (
    UNKNOWN,
    Figure,
    Funder,
    Lang,
    Service,
    State,
    Text,
    Unit,
    Window,
    YearRange,
)

Nav = Literal["overview", "programmes", "cases"]


@dataclass(frozen=True, slots=True)
class Operator:
    """Who looks at the page. `is_demo`: nobody signed in, the demo opened the board as this operator."""

    name: str
    role: Text
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The frame of every page: where one is, as of when, in which unit and language, and who looks."""

    path: str  # of the address, without the query: /programmes/gimcheon-smart-factory
    lang: Lang
    unit: Unit
    as_of: date  # business date, Asia/Seoul
    today: date  # the business clock's date
    clock_pinned: bool
    operator: Operator
    query: Mapping[str, str] = field(
        default_factory=dict
    )  # what else stands in the address: a filter, a page
    last_event_at: datetime | None = None  # when the newest event was recorded; aware
    stream: str | None = "/stream"  # address of the live stream; None turns live updates off

    @property
    def is_past(self) -> bool:
        """A page of a past date does not change by itself."""
        return self.as_of < self.today


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Something that needs someone: a payment without answer, a tranche to approve, a milestone due."""

    kind: Literal[
        "payment_unconfirmed",
        "tranche_to_approve",
        "tranche_to_instruct",
        "milestone_due",
        "milestone_missed",
    ]
    due_on: date | None
    case_id: str
    company: str
    what: Text  # the milestone's or the tranche's name
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """Whether the books can be trusted, as of now."""

    out_of_balance_krw: int  # sum of all posting sets: 0 when right
    posting_sets: int
    dead_letters: int
    parked: int
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class OverviewView:
    """All programmes at a glance. None: the section is not shown; empty: shown as nothing to do."""

    programmes: tuple[ProgrammeView, ...]
    work: tuple[WorkItem, ...] | None = None
    books: Books | None = None
    recent: tuple[TimelineEntry, ...] | None = None  # newest first, with case_id and company


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A refusal: which rule, what to do, and the number to ask with."""

    status: int  # HTTP status
    title: Text
    reason: Text
    what_to_do: Text
    correlation_id: str | None = None


__all__ = [
    "UNKNOWN",
    "Books",
    "CaseRow",
    "CaseStatus",
    "CaseView",
    "CasesView",
    "Choice",
    "Company",
    "CompanyYear",
    "ComputedProgress",
    "Consultation",
    "ConsultedMunicipality",
    "DueMilestone",
    "ErrorView",
    "Execution",
    "ExecutionRow",
    "ExpectedEntry",
    "Figure",
    "Funder",
    "Indicator",
    "IndicatorYear",
    "Lang",
    "LineageCase",
    "LineageEvent",
    "LineageView",
    "Mentors",
    "Message",
    "Milestone",
    "MoneyRow",
    "MoneyTable",
    "MoneyYear",
    "MunicipalityRow",
    "Nav",
    "Operator",
    "OverviewView",
    "Page",
    "PaymentStep",
    "Period",
    "Pledge",
    "ProgrammeView",
    "Purse",
    "RawEvent",
    "Risk",
    "Round",
    "Selection",
    "Service",
    "State",
    "Text",
    "TimelineEntry",
    "TrackRow",
    "TrackTable",
    "Tranche",
    "Unit",
    "Window",
    "WorkItem",
    "YearRange",
]
