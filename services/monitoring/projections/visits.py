"""First mentor visit of each company in a programme, and its rollup by day."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.monitoring import MentorVisited
from shared.projections.first_occurrences import FirstOccurrenceProjection
from shared.projections.projection import DecodedEvent, Key, State
from shared.projections.rollups import Contributions, Rollup


class VisitedRow(Table, table=True):
    """One visited company; `company_id` is the case's id where the event does not name the company."""

    __tablename__ = "visited_row"

    programme_id: str = Field(primary_key=True)
    company_id: UUID = Field(primary_key=True)
    first_on: date | None


class VisitedRollup(Table, table=True):
    __tablename__ = "visited_rollup"

    programme_id: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    companies: int


def visit_day(event: DecodedEvent) -> tuple[Key, str]:
    data = event.data
    return (data["programme_id"], data.get("company_id") or data["case_id"]), event.occurred_on


def contributions(row: State) -> Contributions:
    return {(row["programme_id"], row["first_on"]): (1,)} if row["first_on"] else {}


PROJECTION = FirstOccurrenceProjection(
    name="visited_row",
    table=VisitedRow,
    rollup=Rollup("visited_rollup", VisitedRollup, contributions),
    days={MentorVisited: visit_day},
)
