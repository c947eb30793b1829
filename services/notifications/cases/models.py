"""Tables of names copied from events: programmes, companies and cases."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notifications.schema import Table


class Programme(Table, table=True):
    """Names of the newest definition; `names` holds tracks, milestones and tranches, each as {id: {ko, en}}."""

    programme_id: str = Field(primary_key=True)
    version: int
    name_ko: str
    name_en: str
    short_ko: str
    short_en: str
    office_ko: str
    office_en: str
    names: dict[str, dict[str, dict[str, str]]] = Field(sa_type=JSONB)


class Company(Table, table=True):
    company_id: UUID = Field(primary_key=True)
    name_ko: str


class Case(Table, table=True):
    """One company in one round of one programme."""

    case_id: UUID = Field(primary_key=True)
    programme_id: str
    company_id: UUID
    receipt_number: str
    track: str | None = None
