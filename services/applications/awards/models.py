"""Outcomes of selections by case: awards, places on the waiting list, rejections. The rules are in domain.py."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.applications.schema import Table


class Outcome(StrEnum):
    SELECTED = "selected"
    RESERVED = "reserved"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class Award(Table, table=True):
    """Outcome of the selection for a case, with its grounds; `score` is an exact fraction such as 250/3.

    `ranking`, `cause`, `findings` and `predecessor_receipt_number` are those of the events. `reason`: the Korean sentence
    of a case that was decided before its grounds were kept as facts.
    """

    __table_args__ = (Index("award_in_order", "round_id", "quota_key", "rank"),)

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    round_id: str = Field(foreign_key="round.id")
    quota_key: str
    status: str
    via: str | None = None
    rank: int | None = None
    score: str | None = None
    ranking: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    predecessor_receipt_number: str | None = None
    cause: str | None = None
    findings: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    reason: str | None = None
    decided_on: date
