"""Commands on commitments: commit, confirm the self-contribution, release, abandon. The caller commits."""

from datetime import date
from uuid import UUID

from services.funding.commitments import domain
from services.funding.commitments.models import Commitment
from services.funding.ledger import commands as ledger
from services.funding.ledger import queries as balances
from services.funding.ledger.domain import PostingReason
from services.funding.schema import require
from shared.database.transaction import Lock, Transaction
from shared.events.funding import YearShares
from shared.messaging.outbox import emit


async def load(transaction: Transaction, case_id: UUID) -> Commitment:
    """Load and lock the case's commitment: changes of one case's money happen one after another.

    Raises PrerequisiteMissing while the agreement has not arrived.
    """
    commitment = await transaction.find(Commitment, case_id, lock=Lock.UPDATE)
    return require(commitment, domain.agreement_not_arrived(case_id))


async def commit(transaction: Transaction, commitment: Commitment, years: list[YearShares]) -> None:
    """Commit public money by fiscal year, and post the self-contribution expected of the company.

    Raises PrerequisiteMissing where nothing is allocated at all, RuleBroken where it is too little.
    """
    amounts, on, case_id = (
        domain.public_budget_lines(commitment, years),
        commitment.signed_on,
        commitment.case_id,
    )
    domain.refuse_without_budget(await balances.lines_without_budget(transaction, list(amounts)))
    await transaction.insert(commitment)
    await ledger.post(transaction, PostingReason.COMMITTED, amounts, on, case_id)
    await ledger.post(
        transaction, PostingReason.SELF_FUNDING_EXPECTED, domain.self_budget_line(commitment), on, case_id
    )
    await emit(transaction, domain.committed(commitment, years))


async def confirm_self_contribution(
    transaction: Transaction, case_id: UUID, amount_krw: int, evidence: str, on: date
) -> Commitment:
    commitment = await load(transaction, case_id)
    confirmed = domain.confirm_self_contribution(commitment, amount_krw, evidence, on)
    await transaction.update(commitment)
    await ledger.post(
        transaction, PostingReason.SELF_FUNDING_CONFIRMED, domain.self_budget_line(commitment), on, case_id
    )
    await emit(transaction, confirmed)
    return commitment


async def release(
    transaction: Transaction, commitment: Commitment, years: list[YearShares], on: date
) -> None:
    """Make committed money that will not be paid available again."""
    if years:
        amounts = domain.public_budget_lines(commitment, years)
        await ledger.post(transaction, PostingReason.RELEASED, amounts, on, commitment.case_id)
        await emit(transaction, domain.released(commitment, years, on))


async def abandon(transaction: Transaction, commitment: Commitment, on: date) -> None:
    """Mark the commitment abandoned and release an unconfirmed self-contribution; a confirmed one stays booked."""
    commitment.abandoned_on = on
    await transaction.update(commitment)
    if domain.needs_self_contribution(commitment):
        amounts = domain.self_budget_line(commitment)
        await ledger.post(transaction, PostingReason.SELF_FUNDING_RELEASED, amounts, on, commitment.case_id)
