"""Payments that the treasury is instructed to make. Columns only: the rules are in domain.py."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field

from services.funding.schema import Table
from shared.values.money import Won


class PaymentResult(StrEnum):
    """Result of a payment: no answer yet, none in time, paid, not paid."""

    AWAITED = "awaited"
    OVERDUE = "overdue"
    EXECUTED = "executed"
    REJECTED = "rejected"


class Payment(Table, table=True):
    """One payment of a tranche. A second one that is not rejected breaks the unique index `payment_once`."""

    __tablename__ = "payment"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "number"], ["tranche.case_id", "tranche.number"]),
        CheckConstraint("answer in ('awaited', 'overdue', 'executed', 'rejected')", name="payment_answer"),
        CheckConstraint("(answer = 'executed') = (treasury_reference is not null)", name="payment_executed"),
        Index(
            "payment_once", "case_id", "number", unique=True, postgresql_where=text("answer <> 'rejected'")
        ),
        Index("payment_awaited", "instructed_on", postgresql_where=text("answer = 'awaited'")),
    )

    payment_id: UUID = Field(primary_key=True)
    case_id: UUID
    number: int
    amount_krw: Won
    instructed_on: date
    answer: str = PaymentResult.AWAITED
    answered_on: date | None = None
    treasury_reference: str | None = Field(default=None, unique=True)
