"""Mentors' visits by case and business date."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.delivery.projection import Fact, Key, SumProjection
from shared.events.monitoring import MentorVisited


class VisitTile(Table, table=True):
    __tablename__ = "visit_tile"

    programme_id: str = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    occurred_on: date = Field(primary_key=True)
    visits: int = Field(sa_type=BigInteger)


def visited(fact: Fact) -> Iterable[tuple[Key, int]]:
    yield (fact.data["programme_id"], fact.data["case_id"], fact.occurred_on), 1


PROJECTION = SumProjection(name="visit_tile", table=VisitTile, tiles={MentorVisited: visited})
