"""Queries for balances and postings."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, BigInteger, String, any_, bindparam
from sqlmodel import col, select

from services.funding.ledger.domain import AccountKind, BudgetLine
from services.funding.ledger.models import Account, Posting
from shared.database.transaction import Query, Transaction

ACCOUNTS = Query(
    select(Account)
    .where(
        col(Account.programme_id) == bindparam("programme_id"),
        col(Account.fiscal_year) == bindparam("fiscal_year"),
    )
    .order_by(col(Account.funder), col(Account.municipality), col(Account.kind))
)
POSTINGS_OF_CASE = Query(
    select(Posting)
    .where(col(Posting.case_id) == bindparam("case_id"))
    .order_by(col(Posting.posted_on), col(Posting.set_id), col(Posting.funder), col(Posting.amount_krw))
)
ALLOCATED_ACCOUNTS = Query(
    select(Account).where(
        col(Account.programme_id) == any_(bindparam("programme_ids", type_=ARRAY(String))),
        col(Account.fiscal_year) == any_(bindparam("fiscal_years", type_=ARRAY(BigInteger))),
        col(Account.kind) == AccountKind.ALLOCATED,
    )
)


class BalanceView(BaseModel):
    """Balance of one account in won; sources (allocated, opening, promised) are negative."""

    model_config = ConfigDict(from_attributes=True)

    funder: str
    municipality: str
    kind: str
    balance_krw: int


class PostingView(BaseModel):
    """One line of a set; the lines of a set sum to zero."""

    model_config = ConfigDict(from_attributes=True)

    set_id: UUID
    fiscal_year: int
    funder: str
    municipality: str
    kind: str
    amount_krw: int
    posted_on: date
    reason: str
    caused_by: str | None


async def balances(transaction: Transaction, programme_id: str, fiscal_year: int) -> list[BalanceView]:
    accounts = await transaction.all(ACCOUNTS, programme_id=programme_id, fiscal_year=fiscal_year)
    return [BalanceView.model_validate(account) for account in accounts]


async def postings_of(transaction: Transaction, case_id: UUID) -> list[PostingView]:
    postings = await transaction.all(POSTINGS_OF_CASE, case_id=case_id)
    return [PostingView.model_validate(posting) for posting in postings]


async def lines_without_budget(
    transaction: Transaction, budget_lines: Sequence[BudgetLine]
) -> list[BudgetLine]:
    """Return the budget lines to which nothing was ever allocated."""
    accounts = await transaction.all(
        ALLOCATED_ACCOUNTS,
        programme_ids=list({line.programme_id for line in budget_lines}),
        fiscal_years=list({line.fiscal_year for line in budget_lines}),
    )
    allocated = {
        BudgetLine(row.programme_id, row.fiscal_year, row.funder, row.municipality) for row in accounts
    }
    return [line for line in budget_lines if line not in allocated]
