"""How many events make a sum of money: the proof that stands beside the figure."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.projections import money
from services.monitoring.schema import Table
from shared.projections.projection import DecodedEvent, Key, SumProjection


class MoneyEventTile(Table, table=True):
    __tablename__ = "money_event_tile"

    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    occurred_on: date = Field(primary_key=True)
    events: int = Field(sa_type=BigInteger)


def counted(fact: DecodedEvent) -> Iterable[tuple[Key, int]]:
    """The event once for each kind and year that it gives money to, however many funders share it."""
    for programme_id, kind, fiscal_year in {key[:3] for key, _ in money.PROJECTION.by_type[fact.type](fact)}:
        yield (programme_id, kind, fiscal_year, fact.occurred_on), 1


PROJECTION = SumProjection(
    name="money_event_tile", table=MoneyEventTile, amounts=dict.fromkeys(money.PROJECTION.amounts, counted)
)
