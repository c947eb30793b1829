"""Reports of a pledge's progress, as the responsible office stated them."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.monitoring import PledgeProgressReported
from shared.projections.projection import DecodedEvent, ListProjection, State


class PledgeReport(Table, table=True):
    """One report; `sequence` is the event's number in its pledge."""

    __tablename__ = "pledge_report"

    pledge_id: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    programme_id: str
    percent: int
    reported_by_ko: str
    occurred_on: date


def reported(event: DecodedEvent) -> Iterable[State]:
    copied = {name: event.data[name] for name in ("pledge_id", "programme_id", "percent", "reported_by_ko")}
    yield copied | {"sequence": event.sequence, "occurred_on": event.occurred_on}


PROJECTION = ListProjection(name="pledge_report", table=PledgeReport, rows={PledgeProgressReported: reported})
