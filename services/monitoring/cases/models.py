"""A small copy of each case: programme, company, and the dates that open and end what we watch."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table


class KnownCase(Table, table=True):
    __tablename__ = "known_case"

    case_id: UUID = Field(primary_key=True)
    programme_id: str
    company_id: UUID
    selected_on: date | None = None
    agreed_on: date | None = None
    abandoned_on: date | None = None
