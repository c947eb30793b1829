"""Companies that a mentor has visited, by the date of the first visit in a programme."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.monitoring import MentorVisited
from shared.projections.first import FirstOccurrenceProjection
from shared.projections.projection import DecodedEvent, Key, State
from shared.projections.rollups import Added, Rollup


class VisitedRow(Table, table=True):
    """`company_id` is the case's own id where the event does not say whose case it is."""

    __tablename__ = "visited_row"

    programme_id: str = Field(primary_key=True)
    company_id: UUID = Field(primary_key=True)
    first_on: date | None


class VisitedTile(Table, table=True):
    __tablename__ = "visited_tile"

    programme_id: str = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    companies: int


def visited(fact: DecodedEvent) -> tuple[Key, str]:
    data = fact.data
    return (data["programme_id"], data.get("company_id") or data["case_id"]), fact.occurred_on


def counted(row: State) -> Added:
    return {(row["programme_id"], row["first_on"]): (1,)} if row["first_on"] else {}


PROJECTION = FirstOccurrenceProjection(
    name="visited_row",
    table=VisitedRow,
    rollup=Rollup("visited_tile", VisitedTile, counted),
    days={MentorVisited: visited},
)
