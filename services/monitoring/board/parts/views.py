"""View of the overview of all programmes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from services.monitoring.board.parts.case_view import TimelineEntry
from services.monitoring.figures.programme import ProgrammeView
from shared.web.ui.values import Text

WorkKind = Literal[
    "payment_unconfirmed", "tranche_to_approve", "tranche_to_instruct", "milestone_due", "milestone_missed"
]
TEXT_FAMILIES = {"work": WorkKind}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Pending work: a payment without confirmation, a tranche to approve, a milestone due."""

    kind: WorkKind
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
