"""What can be asked about budgets: to allocate, to book what was spent before. The caller commits."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.budgets import domain
from services.funding.ledger import commands as ledger
from services.funding.ledger.domain import Purse, Reason, purses
from services.funding.programmes import queries as programmes
from shared.events.applications import CaseRecorded
from shared.events.funding import BudgetAllocated, PastSpendingBooked
from shared.messaging.outbox import emit
from shared.values.money import Funder


async def allocate(
    session: AsyncSession,
    programme_id: str,
    fiscal_year: int,
    *,
    funder: Funder,
    municipality: str | None,
    amount_krw: int,
    on: date,
) -> None:
    """예산 편성. A second allocation to the same account adds to the first."""
    terms = await programmes.terms(session, programme_id, on)
    account = domain.purse_municipality(terms, funder, municipality)
    await ledger.post(
        session, Reason.ALLOCATED, {Purse(programme_id, fiscal_year, funder, account): amount_krw}, on
    )
    await emit(
        session,
        BudgetAllocated(
            programme_id=programme_id,
            fiscal_year=fiscal_year,
            funder=funder,
            municipality=municipality,
            amount_krw=amount_krw,
            occurred_on=on,
        ),
    )


async def book_past_spending(session: AsyncSession, record: CaseRecorded) -> None:
    """기투자: a recorded case's money, in the year in which it began."""
    if not any(record.amounts_krw.values()):
        return
    on, year, case_id = record.occurred_on, record.year_from, record.case_id
    terms = await programmes.terms(session, record.programme_id, on)
    account = terms.city_account(record.municipality) if record.amounts_krw.get(Funder.CITY) else ""
    own, public = domain.own_and_public(record.amounts_krw)
    for reason, shares in ((Reason.PAST, public), (Reason.SELF_PAST, own)):
        await ledger.post(session, reason, purses(record.programme_id, year, shares, account), on, case_id)
    await emit(
        session,
        PastSpendingBooked(
            programme_id=record.programme_id,
            case_id=case_id,
            fiscal_year=year,
            amounts_krw=record.amounts_krw,
            occurred_on=on,
        ),
    )
