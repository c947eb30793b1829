"""Commands on budgets: allocate money, book past spending. The caller commits."""

from datetime import date

from services.funding.budgets import domain
from services.funding.ledger import commands as ledger
from services.funding.ledger.domain import BudgetLine, PostingReason, budget_lines
from services.funding.programmes import queries as programmes
from shared.database.transaction import Transaction
from shared.events.applications import CaseRecorded
from shared.events.funding import BudgetAllocated, PastSpendingBooked
from shared.messaging.outbox import emit
from shared.values.money import Funder


async def allocate(
    transaction: Transaction,
    programme_id: str,
    fiscal_year: int,
    *,
    funder: Funder,
    municipality: str | None,
    amount_krw: int,
    on: date,
) -> None:
    """Allocate won to a budget line (예산 편성). A second allocation to the same line adds to the first."""
    terms = await programmes.terms_on(transaction, programme_id, on)
    municipality_account = domain.budget_municipality(terms, funder, municipality)
    line = BudgetLine(programme_id, fiscal_year, funder, municipality_account)
    await ledger.post(transaction, PostingReason.ALLOCATED, {line: amount_krw}, on)
    await emit(
        transaction,
        BudgetAllocated(
            programme_id=programme_id,
            fiscal_year=fiscal_year,
            funder=funder,
            municipality=municipality,
            amount_krw=amount_krw,
            occurred_on=on,
        ),
    )


async def book_past_spending(transaction: Transaction, recorded: CaseRecorded) -> None:
    """Book a recorded case's spending (기투자) in the fiscal year in which the case began."""
    if not any(recorded.amounts_krw.values()):
        return
    on, year, case_id = recorded.occurred_on, recorded.year_from, recorded.case_id
    terms = await programmes.terms_on(transaction, recorded.programme_id, on)
    has_city_share = bool(recorded.amounts_krw.get(Funder.CITY))
    municipality_account = terms.municipality_account(recorded.municipality) if has_city_share else ""
    self_funding, public = domain.split_self_and_public(recorded.amounts_krw)
    for reason, shares in (
        (PostingReason.PAST_SPENDING, public),
        (PostingReason.SELF_PAST_SPENDING, self_funding),
    ):
        amounts = budget_lines(recorded.programme_id, year, shares, municipality_account)
        await ledger.post(transaction, reason, amounts, on, case_id)
    await emit(
        transaction,
        PastSpendingBooked(
            programme_id=recorded.programme_id,
            case_id=case_id,
            fiscal_year=year,
            amounts_krw=recorded.amounts_krw,
            occurred_on=on,
        ),
    )
