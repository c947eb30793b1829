"""Milestone rows of cases: due dates, and the dates on which each was announced, reported, achieved or missed."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.monitoring import (
    MilestoneAchieved,
    MilestoneDueSoon,
    MilestoneMissed,
    MilestoneReported,
    MilestoneScheduled,
)
from shared.projections.projection import DecodedEvent, Key, RowProjection, State

OPEN = "achieved_on is null and reported_on is null"  # the index of the work list


class MilestoneRow(Table, table=True):
    """One milestone of a case; `due_soon_on` is the date of the first due-soon event."""

    __tablename__ = "milestone_row"
    __table_args__ = (
        Index("milestone_row_by_due", "programme_id", "due_on"),
        Index("milestone_row_open", "due_on", postgresql_where=text(OPEN)),
    )

    case_id: UUID = Field(primary_key=True)
    milestone: str = Field(primary_key=True)
    programme_id: str | None
    company_id: UUID | None
    due_on: date | None
    completes: bool | None
    scheduled_on: date | None
    due_soon_on: date | None
    reported_on: date | None
    achieved_on: date | None
    missed_on: date | None


def key(event: DecodedEvent) -> Key:
    return event.data["case_id"], event.data["milestone"]


def scheduled(row: State, event: DecodedEvent) -> State:
    copied = {name: event.data[name] for name in ("programme_id", "company_id", "due_on", "completes")}
    return row | copied | {"scheduled_on": event.occurred_on}


def first_date(column: str) -> Callable[[State, DecodedEvent], State]:
    """Return a fold that sets `column` to the date of its first event."""

    def fold(row: State, event: DecodedEvent) -> State:
        return row | {column: row[column] or event.occurred_on}

    return fold


PROJECTION = RowProjection(
    name="milestone_row",
    table=MilestoneRow,
    key=key,
    folds={
        MilestoneScheduled: scheduled,
        MilestoneDueSoon: first_date("due_soon_on"),
        MilestoneReported: first_date("reported_on"),
        MilestoneAchieved: first_date("achieved_on"),
        MilestoneMissed: first_date("missed_on"),
    },
)
