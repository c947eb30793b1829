"""Published by services/monitoring."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events import Event, RecordDeadLettered
from shared.events.definition import Code


class MonitoringEvent(Event):
    topic: ClassVar[str] = "ieum.monitoring"
    source: ClassVar[str] = "/services/monitoring"
    programme_id: Code


class CaseMonitoringEvent(MonitoringEvent):
    case_id: UUID

    @property
    def subject(self) -> str:
        return str(self.case_id)


class MilestoneEvent(CaseMonitoringEvent):
    """A step of the programme's template, with its due date; the one that `completes` ends the building."""

    milestone: Code
    due_on: date
    completes: bool


class MilestoneScheduled(MilestoneEvent):
    name: ClassVar[str] = "milestone.scheduled.v1"
    company_id: UUID


class MilestoneDueSoon(MilestoneEvent):
    """30, 7 or 1 days are left; told once for each due date."""

    name: ClassVar[str] = "milestone.due_soon.v1"
    days_left: Literal[30, 7, 1]


class MilestoneReported(MilestoneEvent):
    """The company handed in its report; `evidence` is a reference, never the document."""

    name: ClassVar[str] = "milestone.reported.v1"
    evidence: str


class MilestoneAchieved(MilestoneEvent):
    name: ClassVar[str] = "milestone.achieved.v1"
    evidence: str


class MilestoneMissed(MilestoneEvent):
    name: ClassVar[str] = "milestone.missed.v1"


class MentorAssigned(CaseMonitoringEvent):
    """A mentor works with the company for up to so many weeks."""

    name: ClassVar[str] = "mentor.assigned.v1"
    mentor_id: str
    weeks: Annotated[int, Field(ge=1, le=8)]


class MentorVisited(CaseMonitoringEvent):
    """`company_id` is absent from what was recorded before visits named their company."""

    name: ClassVar[str] = "mentor.visited.v1"
    company_id: UUID | None = None
    mentor_id: str
    work: str


class PledgeProgressReported(MonitoringEvent):
    """The percent that the responsible office states; Ieum sets its own figures beside it."""

    name: ClassVar[str] = "pledge.progress_reported.v1"
    pledge_id: Code
    percent: Annotated[int, Field(ge=0, le=100)]
    reported_by_ko: str

    @property
    def subject(self) -> str:
        return self.pledge_id


class MonitoringRecordDeadLettered(RecordDeadLettered):
    topic: ClassVar[str] = "ieum.monitoring"
    source: ClassVar[str] = "/services/monitoring"
