"""Past results as received. Columns only: the rules are in domain.py."""

from datetime import date
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table


class RecordedCase(Table, table=True):
    """Past result of another system; its id is a case id. Append only."""

    __tablename__ = "recorded_case"
    __table_args__ = (UniqueConstraint("system", "record_id"),)

    id: UUID = Field(primary_key=True)
    system: str
    record_id: str
    programme_id: str = Field(foreign_key="programme.id")
    company_name_ko: str
    municipality: str
    track: str | None = None
    year_from: int
    year_to: int
    status: str
    amounts_krw: dict[str, int] = Field(sa_type=JSONB)
    recorded_on: date
