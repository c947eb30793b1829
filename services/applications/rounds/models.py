"""Rounds with their window and quota. Columns only: the rules are in domain.py."""

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table


class Status(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    DECIDED = "decided"


class Round(Table, table=True):
    """One call for applications; `version` is that of the definition in force at its opening, which it keeps."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "version"], ["programme_version.programme_id", "programme_version.version"]
        ),
    )

    id: str = Field(primary_key=True)
    programme_id: str = Field(foreign_key="programme.id", index=True)
    version: int
    year: int
    name_ko: str
    opens_on: date
    closes_on: date
    quota: dict[str, int] = Field(sa_type=JSONB)
    status: str = Status.OPEN
    agreed_on: date | None = None
    agency_ko: str | None = None
