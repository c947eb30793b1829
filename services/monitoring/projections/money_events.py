"""Rollup of the number of events behind each sum of money, shown beside the figure."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.projections import money
from services.monitoring.schema import Table
from shared.projections.projection import DecodedEvent, Key, SumProjection


class MoneyEventRollup(Table, table=True):
    __tablename__ = "money_event_rollup"

    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    occurred_on: date = Field(primary_key=True)
    events: int = Field(sa_type=BigInteger)


def counted(event: DecodedEvent) -> Iterable[tuple[Key, int]]:
    """Yield one count for each kind and year that the event gives money to, however many funders share it."""
    for programme_id, kind, fiscal_year in {
        key[:3] for key, _ in money.PROJECTION.by_type[event.type](event)
    }:
        yield (programme_id, kind, fiscal_year, event.occurred_on), 1


PROJECTION = SumProjection(
    name="money_event_rollup",
    table=MoneyEventRollup,
    amounts=dict.fromkeys(money.PROJECTION.amounts, counted),
)
