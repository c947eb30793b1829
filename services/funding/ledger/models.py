"""The ledger: accounts and append-only postings. Columns only: the rules are in domain.py."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Index, func, text
from sqlmodel import Field

from services.funding.schema import Table
from shared.values.money import Won


class Account(Table, table=True):
    """One account of a budget line. A trigger computes the balance from the postings; the service only reads it."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "case when kind in ('allocated', 'opening', 'promised') then balance_krw <= 0 else balance_krw >= 0 end",
            name="account_balance_sign",
        ),
        CheckConstraint(
            "kind in ('allocated', 'opening', 'available', 'committed', 'payable', 'disbursed', 'returned')"
            " and funder in ('national', 'province', 'city')"
            " or kind in ('promised', 'opening', 'pledged', 'evidenced') and funder = 'self'",
            name="account_kind",
        ),
    )

    programme_id: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True)
    funder: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    balance_krw: Won = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Posting(Table, table=True):
    """One line of a set; `caused_by`: the causing event's id, else the request's correlation id."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["programme_id", "fiscal_year", "funder", "municipality", "kind"],
            [
                "account.programme_id",
                "account.fiscal_year",
                "account.funder",
                "account.municipality",
                "account.kind",
            ],
        ),
        CheckConstraint("amount_krw <> 0", name="posting_amount"),
        Index("posting_account", "programme_id", "fiscal_year", "funder", "municipality", "kind"),
        Index("posting_case", "case_id"),
        Index(
            "posting_past_once",
            "case_id",
            "fiscal_year",
            "funder",
            "kind",
            unique=True,
            postgresql_where=text("reason in ('past_spending.booked', 'past_self.booked')"),
        ),
    )

    set_id: UUID = Field(primary_key=True)
    programme_id: str = Field(primary_key=True)
    fiscal_year: int = Field(primary_key=True)
    funder: str = Field(primary_key=True)
    municipality: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    amount_krw: Won
    posted_on: date
    case_id: UUID | None = None
    reason: str
    caused_by: str | None = None
    recorded_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
