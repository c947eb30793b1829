"""Queries for balances and postings."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.ledger.domain import AccountKind, BudgetLine
from services.funding.ledger.models import Account, Posting


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


async def balances(session: AsyncSession, programme_id: str, fiscal_year: int) -> list[BalanceView]:
    accounts = await session.scalars(
        select(Account)
        .where(col(Account.programme_id) == programme_id, col(Account.fiscal_year) == fiscal_year)
        .order_by(col(Account.funder), col(Account.municipality), col(Account.kind))
    )
    return [BalanceView.model_validate(account) for account in accounts]


async def postings_of(session: AsyncSession, case_id: UUID) -> list[PostingView]:
    postings = await session.scalars(
        select(Posting)
        .where(col(Posting.case_id) == case_id)
        .order_by(col(Posting.posted_on), col(Posting.set_id), col(Posting.funder), col(Posting.amount_krw))
    )
    return [PostingView.model_validate(posting) for posting in postings]


async def lines_without_budget(session: AsyncSession, budget_lines: Sequence[BudgetLine]) -> list[BudgetLine]:
    """Return the budget lines to which nothing was ever allocated."""
    accounts = await session.scalars(
        select(Account).where(
            col(Account.programme_id).in_({line.programme_id for line in budget_lines}),
            col(Account.fiscal_year).in_({line.fiscal_year for line in budget_lines}),
            col(Account.kind) == AccountKind.ALLOCATED,
        )
    )
    allocated = {
        BudgetLine(row.programme_id, row.fiscal_year, row.funder, row.municipality) for row in accounts
    }
    return [line for line in budget_lines if line not in allocated]
