"""Companies, as far as paying them is concerned. Columns only."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.funding.schema import Table


class Company(Table, table=True):
    """`state`: suspended or closed, from the date `since`; both are null while the company is in business."""

    __tablename__ = "company"

    company_id: UUID = Field(primary_key=True)
    state: str | None = None
    since: date | None = None
