"""Cases: one company in one round. Columns only: the rules are in domain.py."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table
from shared.values.money import Won


class Status(StrEnum):
    """Progress of an application; after the decision its award has the outcome."""

    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


class Case(Table, table=True):
    """Data of a case that every module needs.

    `version` is that of its round's definition; the municipality is the company's on the day of applying.
    """

    __table_args__ = (UniqueConstraint("round_id", "company_id"),)

    id: UUID = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id")
    programme_id: str = Field(foreign_key="programme.id")
    version: int
    year: int
    company_id: UUID = Field(foreign_key="company.id", index=True)
    municipality: str
    track: str | None = None
    total_krw: Won
    requested_krw: dict[str, int] = Field(sa_type=JSONB)
    receipt_number: str = Field(unique=True)
    via: str
    submitted_on: date
    status: str = Status.SUBMITTED


class Screening(Table, table=True):
    """Result of the screening (요건검토): eligible, or the reasons against it. One row per case."""

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    eligible: bool
    reasons: list[str] = Field(sa_type=JSONB)
    screened_on: date
