"""Companies, as far as paying them is concerned. Columns only."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.funding.schema import Table


class Company(Table, table=True):
    """`state` is suspended or closed since that day; neither is known while it is in business."""

    __tablename__ = "company"

    company_id: UUID = Field(primary_key=True)
    state: str | None = None
    since: date | None = None
