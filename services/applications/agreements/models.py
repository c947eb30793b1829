"""Agreements with companies. Columns only: the rules are in domain.py."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table
from shared.values.money import Won


class Status(StrEnum):
    SIGNED = "signed"
    ENDED = "ended"


class Agreement(Table, table=True):
    """Agreement of a case: the total, its exact split by funder (won), and the period."""

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    total_krw: Won
    shares_krw: dict[str, int] = Field(sa_type=JSONB)
    starts_on: date
    ends_on: date
    signed_on: date
    status: str = Status.SIGNED


class Abandonment(Table, table=True):
    """Abandonment (사업 포기) of a case: date, stage and reason. Append only."""

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    stage: str
    reason: str
    abandoned_on: date
