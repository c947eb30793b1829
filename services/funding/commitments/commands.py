"""Commands on commitments: commit, confirm the self-contribution, release, abandon. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.commitments import domain
from services.funding.commitments.models import Commitment
from services.funding.ledger import commands as ledger
from services.funding.ledger import queries as balances
from services.funding.ledger.domain import PostingReason
from services.funding.schema import require
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.events.funding import YearShares
from shared.messaging.outbox import emit


async def load(session: AsyncSession, case_id: UUID) -> Commitment:
    """Load and lock the case's commitment: changes of one case's money happen one after another.

    Raises PrerequisiteMissing while the agreement has not arrived.
    """
    commitment = await session.get(Commitment, case_id, with_for_update=True, populate_existing=True)
    return require(commitment, domain.agreement_not_arrived(case_id))


async def load_row(executor: Executor, case_id: UUID) -> Commitment:
    """Load and lock the commitment like `load`, but by key past the unit of work, only to read it."""
    commitment = await keyed_rows.find(executor, Commitment, case_id, lock=Lock.UPDATE)
    return require(commitment, domain.agreement_not_arrived(case_id))


async def commit(session: AsyncSession, commitment: Commitment, years: list[YearShares]) -> None:
    """Commit public money by fiscal year, and post the self-contribution expected of the company.

    Raises PrerequisiteMissing where nothing is allocated at all, RuleBroken where it is too little.
    """
    amounts, on, case_id = (
        domain.public_budget_lines(commitment, years),
        commitment.signed_on,
        commitment.case_id,
    )
    domain.refuse_without_budget(await balances.lines_without_budget(session, list(amounts)))
    session.add(commitment)
    await ledger.post(session, PostingReason.COMMITTED, amounts, on, case_id)
    await ledger.post(
        session, PostingReason.SELF_FUNDING_EXPECTED, domain.self_budget_line(commitment), on, case_id
    )
    await emit(session, domain.committed(commitment, years))


async def confirm_self_contribution(
    session: AsyncSession, case_id: UUID, amount_krw: int, evidence: str, on: date
) -> Commitment:
    commitment = await load(session, case_id)
    confirmed = domain.confirm_self_contribution(commitment, amount_krw, evidence, on)
    await ledger.post(
        session, PostingReason.SELF_FUNDING_CONFIRMED, domain.self_budget_line(commitment), on, case_id
    )
    await emit(session, confirmed)
    return commitment


async def release(session: AsyncSession, commitment: Commitment, years: list[YearShares], on: date) -> None:
    """Make committed money that will not be paid available again."""
    if years:
        amounts = domain.public_budget_lines(commitment, years)
        await ledger.post(session, PostingReason.RELEASED, amounts, on, commitment.case_id)
        await emit(session, domain.released(commitment, years, on))


async def abandon(session: AsyncSession, commitment: Commitment, on: date) -> None:
    """Mark the commitment abandoned and release an unconfirmed self-contribution; a confirmed one stays booked."""
    commitment.abandoned_on = on
    if domain.needs_self_contribution(commitment):
        amounts = domain.self_budget_line(commitment)
        await ledger.post(session, PostingReason.SELF_FUNDING_RELEASED, amounts, on, commitment.case_id)
