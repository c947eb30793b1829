"""Companies that a mentor has visited, by the date of the first visit in a programme."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.delivery.projection import Fact, Key, State
from shared.delivery.tiled import Added, TiledRowProjection, Tiles
from shared.events.monitoring import MentorVisited


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


def key(fact: Fact) -> Key:
    return fact.data["programme_id"], fact.data.get("company_id") or fact.data["case_id"]


def visited(row: State, fact: Fact) -> State:
    """A visit that is entered late may become the first one."""
    first = row["first_on"]
    return row if first and first <= fact.occurred_on else row | {"first_on": fact.occurred_on}


def counted(row: State) -> Added:
    return {(row["programme_id"], row["first_on"]): (1,)} if row["first_on"] else {}


PROJECTION = TiledRowProjection(
    name="visited_row",
    table=VisitedRow,
    tiles=(Tiles("visited_tile", VisitedTile, counted),),
    key=key,
    folds={MentorVisited: visited},
)
