"""Companies as registered, without contacts or other personal data. Columns only: the rules are in domain.py."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from services.applications.schema import Table


class State(StrEnum):
    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Company(Table, table=True):
    id: UUID = Field(primary_key=True)
    business_number: str = Field(unique=True)
    name_ko: str
    municipality: str
    industry: str = ""
    employees: int | None = None
    state: str = State.OPEN
