"""Balances and postings, as the ledger has them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.ledger.domain import Kind, Purse
from services.funding.ledger.models import Account, Posting


class BalanceView(BaseModel):
    """Won on one account; sources (allocated, opening, promised) are negative."""

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
    found = await session.scalars(
        select(Account)
        .where(col(Account.programme_id) == programme_id, col(Account.fiscal_year) == fiscal_year)
        .order_by(col(Account.funder), col(Account.municipality), col(Account.kind))
    )
    return [BalanceView.model_validate(account) for account in found]


async def postings_of(session: AsyncSession, case_id: UUID) -> list[PostingView]:
    found = await session.scalars(
        select(Posting)
        .where(col(Posting.case_id) == case_id)
        .order_by(col(Posting.posted_on), col(Posting.set_id), col(Posting.funder), col(Posting.amount_krw))
    )
    return [PostingView.model_validate(posting) for posting in found]


async def without_budget(session: AsyncSession, purses: Sequence[Purse]) -> list[Purse]:
    """Those for which nothing was ever allocated."""
    found = await session.scalars(
        select(Account).where(
            col(Account.programme_id).in_({purse.programme_id for purse in purses}),
            col(Account.fiscal_year).in_({purse.fiscal_year for purse in purses}),
            col(Account.kind) == Kind.ALLOCATED,
        )
    )
    known = {(one.programme_id, one.fiscal_year, one.funder, one.municipality) for one in found}
    return [purse for purse in purses if purse not in known]
