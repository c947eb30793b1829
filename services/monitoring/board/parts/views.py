"""Views of the frame of every page, of the overview and of error pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.values import Lang, Text, Unit
from services.monitoring.figures.programme import ProgrammeView


@dataclass(frozen=True, slots=True)
class PageViewer:
    """The viewer of a page. `is_demo`: nobody signed in, the demo opened the board as this operator."""

    name: str
    role: Text
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Frame of a page: its address, business date, unit, language and viewer."""

    path: str  # of the address, without the query: /programmes/gimcheon-smart-factory
    lang: Lang
    unit: Unit
    as_of: date  # business date, Asia/Seoul
    today: date  # the business clock's date
    clock_pinned: bool
    viewer: PageViewer
    query: Mapping[str, str] = field(
        default_factory=dict
    )  # other parameters of the address: a filter, a page
    last_event_at: datetime | None = None  # when the newest event was recorded; aware
    stream: str | None = "/stream"  # address of the live stream; None turns live updates off

    @property
    def is_past(self) -> bool:
        """Whether the page shows a past date; such a page gets no live updates."""
        return self.as_of < self.today


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Pending work: a payment without confirmation, a tranche to approve, a milestone due."""

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
    name: Text  # the milestone's or the tranche's name
    amount_krw: int | None = None


@dataclass(frozen=True, slots=True)
class OverviewView:
    """Overview of all programmes. `work` and `recent`: None hides the section, empty shows that there is nothing.

    `last_event_dates`: the day of a programme's newest event, where its view lacks it.
    """

    programmes: tuple[ProgrammeView, ...]
    work: tuple[WorkItem, ...] | None = None
    recent: tuple[TimelineEntry, ...] | None = None  # newest first, with case_id and company
    last_event_dates: Mapping[str, date] = field(default_factory=dict)

    @property
    def dated_programmes(self) -> list[ProgrammeView]:
        """The programmes, each with the day of its newest event."""
        return [
            replace(view, last_event_on=self.last_event_dates[view.id])
            if view.id in self.last_event_dates
            else view
            for view in self.programmes
        ]


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An error page: the rule, what to do, and the correlation id to quote to the operator."""

    status: int  # HTTP status
    title: Text
    reason: Text
    what_to_do: Text
    correlation_id: str | None = None
