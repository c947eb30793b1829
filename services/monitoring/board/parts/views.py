"""The frame of every page, the overview of all programmes, and a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.board.parts.values import Lang, Text, Unit


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
class OverviewView:
    """All programmes at a glance. None: the section is not shown; empty: shown as nothing to do.

    `latest`: the day of a programme's newest event, where its view lacks it.
    """

    programmes: tuple[ProgrammeView, ...]
    work: tuple[WorkItem, ...] | None = None
    recent: tuple[TimelineEntry, ...] | None = None  # newest first, with case_id and company
    latest: Mapping[str, date] = field(default_factory=dict)

    @property
    def dated(self) -> list[ProgrammeView]:
        """The programmes, each with the day of its newest event."""
        return [
            replace(one, last_event_on=self.latest[one.id]) if one.id in self.latest else one
            for one in self.programmes
        ]


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A refusal: which rule, what to do, and the number to ask with."""

    status: int  # HTTP status
    title: Text
    reason: Text
    what_to_do: Text
    correlation_id: str | None = None
