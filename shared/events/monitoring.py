"""Events of the monitoring service: milestones, mentors and pledges."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events import Event, RecordDeadLettered
from shared.events.definition import Code


class MonitoringEvent(Event):
    """Base of the events of the monitoring service."""

    topic: ClassVar[str] = "ieum.monitoring"
    source: ClassVar[str] = "/services/monitoring"
    programme_id: Code


class CaseMonitoringEvent(MonitoringEvent):
    """Base of the events about the follow-up of a case."""

    case_id: UUID

    @property
    def subject(self) -> str:
        return str(self.case_id)


class MilestoneEvent(CaseMonitoringEvent):
    """Base of the events about a milestone and its due date; achieving one that `completes` completes the case."""

    milestone: Code
    due_on: date
    completes: bool


class MilestoneScheduled(MilestoneEvent):
    """A milestone was scheduled; its due date is counted from the agreement."""

    name: ClassVar[str] = "milestone.scheduled.v1"
    company_id: UUID


class MilestoneDueSoon(MilestoneEvent):
    """A milestone is due in 30, 7 or 1 days; announced once each."""

    name: ClassVar[str] = "milestone.due_soon.v1"
    days_left: Literal[30, 7, 1]


class MilestoneReported(MilestoneEvent):
    """The company reported the milestone; `evidence` is a reference, never the document."""

    name: ClassVar[str] = "milestone.reported.v1"
    evidence: str


class MilestoneAchieved(MilestoneEvent):
    """The milestone was achieved; `evidence` is a reference, never the document."""

    name: ClassVar[str] = "milestone.achieved.v1"
    evidence: str


class MilestoneMissed(MilestoneEvent):
    """The due date has passed without the milestone; announced once."""

    name: ClassVar[str] = "milestone.missed.v1"


MAX_MENTOR_WEEKS = 8
"""A mentor stays with a company at most so long."""


class MentorAssigned(CaseMonitoringEvent):
    """A mentor was assigned to the company for up to `weeks` weeks."""

    name: ClassVar[str] = "mentor.assigned.v1"
    mentor_id: str
    weeks: Annotated[int, Field(ge=1, le=MAX_MENTOR_WEEKS)]


class MentorVisited(CaseMonitoringEvent):
    """A mentor visited the company; events recorded before visits named their company have no `company_id`."""

    name: ClassVar[str] = "mentor.visited.v1"
    company_id: UUID | None = None
    mentor_id: str
    work: str


class PledgeProgressReported(MonitoringEvent):
    """The responsible office reported the progress of its pledge in percent; the board shows its own figures beside it."""

    name: ClassVar[str] = "pledge.progress_reported.v1"
    pledge_id: Code
    percent: Annotated[int, Field(ge=0, le=100)]
    reported_by_ko: str

    @property
    def subject(self) -> str:
        return self.pledge_id


class MonitoringRecordDeadLettered(RecordDeadLettered):
    """The monitoring service dead-lettered a record: its position and the broken rule, never its content."""

    topic: ClassVar[str] = "ieum.monitoring"
    source: ClassVar[str] = "/services/monitoring"
