"""Commitments: the money bound by an agreement. Columns only: the rules are in domain.py."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.funding.schema import Table
from shared.values.money import Won


class Commitment(Table, table=True):
    """One case's commitment. Its row is the lock that every change of the case's money takes first.

    `municipality_account`: the municipality that pays the city's share, '' where one city pays alone;
    `self_funding_year`: the fiscal year in which the company's self-contribution is expected.
    """

    __tablename__ = "commitment"
    __table_args__ = (
        CheckConstraint("total_krw = public_krw + self_krw", name="commitment_total"),
        CheckConstraint("public_krw >= 0 and self_krw >= 0", name="commitment_shares"),
    )

    case_id: UUID = Field(primary_key=True)
    programme_id: str
    company_id: UUID = Field(index=True)
    municipality_account: str
    self_funding_year: int
    signed_on: date
    total_krw: Won
    public_krw: Won
    self_krw: Won
    self_confirmed_on: date | None = None
    business_state: str | None = None
    abandoned_on: date | None = None
