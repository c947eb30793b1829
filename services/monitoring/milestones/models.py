"""Milestones by case and key, and the notices of deadlines that were announced."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.monitoring.schema import Table


class Status(StrEnum):
    """Status of a milestone. closed: the case was abandoned."""

    SCHEDULED = "scheduled"
    REPORTED = "reported"
    ACHIEVED = "achieved"
    MISSED = "missed"
    CLOSED = "closed"


NEXT = {
    Status.SCHEDULED: {Status.REPORTED, Status.ACHIEVED, Status.MISSED, Status.CLOSED},
    Status.MISSED: {Status.REPORTED, Status.ACHIEVED, Status.CLOSED},
    Status.REPORTED: {Status.REPORTED, Status.ACHIEVED, Status.CLOSED},
    Status.ACHIEVED: set(),
    Status.CLOSED: set(),
}

OPEN = "status in ('scheduled', 'missed', 'reported')"


class Milestone(Table, table=True):
    """A milestone of one case; `evidence` is a reference, never the document."""

    __table_args__ = (Index("milestone_open", "due_on", postgresql_where=text(OPEN)),)

    case_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    programme_id: str
    company_id: UUID
    name_ko: str
    agreed_on: date
    due_on: date
    completes: bool
    status: str = Status.SCHEDULED
    evidence: str | None = None
    reported_on: date | None = None
    achieved_on: date | None = None


class Notice(Table, table=True):
    """An announced deadline: one row for each milestone, due date and kind, so that it is announced once."""

    __tablename__ = "milestone_notice"

    case_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    due_on: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    occurred_on: date
