"""Outcomes of selections by case: awards, places on the waiting list, rejections. The rules are in domain.py."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.applications.schema import Table


class Outcome(StrEnum):
    SELECTED = "selected"
    RESERVED = "reserved"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class Award(Table, table=True):
    """Outcome of the selection for a case, with its reason; `score` is an exact fraction such as 250/3."""

    __table_args__ = (Index("award_in_order", "round_id", "quota_key", "rank"),)

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    round_id: str = Field(foreign_key="round.id")
    quota_key: str
    status: str
    via: str | None = None
    rank: int | None = None
    score: str | None = None
    reason: str
    decided_on: date
