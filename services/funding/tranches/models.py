"""Tranches of cases, and the three people who signed them. Columns only: the rules are in domain.py."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.funding.schema import Table
from shared.values.money import Won


class Status(StrEnum):
    SCHEDULED = "scheduled"
    READY = "ready"
    REQUESTED = "requested"
    APPROVED = "approved"
    INSTRUCTED = "instructed"
    UNCONFIRMED = "unconfirmed"
    DISBURSED = "disbursed"
    HELD = "held"
    CANCELLED = "cancelled"


class Tranche(Table, table=True):
    """`amounts_krw`: public money by funder; `status_changed_on`: the business date of the last step."""

    __tablename__ = "tranche"
    __table_args__ = (
        ForeignKeyConstraint(["case_id"], ["commitment.case_id"]),
        CheckConstraint(
            "status in ('scheduled', 'ready', 'requested', 'approved', 'instructed', 'unconfirmed',"
            " 'disbursed', 'held', 'cancelled')",
            name="tranche_status",
        ),
        CheckConstraint(
            "requested_by <> approved_by and requested_by <> instructed_by and approved_by <> instructed_by",
            name="tranche_three_people",
        ),
        CheckConstraint(
            "(requested_by is not null) >= (approved_by is not null)"
            " and (approved_by is not null) >= (instructed_by is not null)",
            name="tranche_steps_in_order",
        ),
        CheckConstraint(
            "case status when 'requested' then requested_by is not null"
            " when 'approved' then approved_by is not null"
            " when 'instructed' then instructed_by is not null"
            " when 'unconfirmed' then instructed_by is not null"
            " when 'disbursed' then instructed_by is not null else true end",
            name="tranche_signed_for",
        ),
        CheckConstraint("total_krw >= 0", name="tranche_total"),
    )

    case_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    programme_id: str
    milestone: str
    due_on: date
    fiscal_year: int
    amounts_krw: dict[str, int] = Field(sa_type=JSONB)
    total_krw: Won
    status: str
    achieved_on: date | None = None
    status_changed_on: date
    requested_by: str | None = None
    approved_by: str | None = None
    instructed_by: str | None = None
