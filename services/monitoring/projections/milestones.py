"""Each case's milestones: due dates, and the dates on which each was told of, reported, achieved or missed."""

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

OPEN = "achieved_on is null and reported_on is null"  # waits for somebody: the index of the work list


class MilestoneRow(Table, table=True):
    """`due_soon_on`: when the first of the due-soon events was."""

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


def key(fact: DecodedEvent) -> Key:
    return fact.data["case_id"], fact.data["milestone"]


def scheduled(row: State, fact: DecodedEvent) -> State:
    given = ("programme_id", "company_id", "due_on", "completes")
    return row | {name: fact.data[name] for name in given} | {"scheduled_on": fact.occurred_on}


def first(column: str) -> Callable[[State, DecodedEvent], State]:
    def fold(row: State, fact: DecodedEvent) -> State:
        return row | {column: row[column] or fact.occurred_on}

    return fold


PROJECTION = RowProjection(
    name="milestone_row",
    table=MilestoneRow,
    key=key,
    folds={
        MilestoneScheduled: scheduled,
        MilestoneDueSoon: first("due_soon_on"),
        MilestoneReported: first("reported_on"),
        MilestoneAchieved: first("achieved_on"),
        MilestoneMissed: first("missed_on"),
    },
)
