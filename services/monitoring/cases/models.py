"""Copy of each case: programme, company, and the dates that open and end its milestones and visits."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table


class CaseCopy(Table, table=True):
    __tablename__ = "case_copy"

    case_id: UUID = Field(primary_key=True)
    programme_id: str
    company_id: UUID
    selected_on: date | None = None
    agreed_on: date | None = None
    abandoned_on: date | None = None
