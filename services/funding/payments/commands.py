"""Commands on payments: instruct, record the treasury's answer, run deadlines. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from services.funding.commitments.models import Commitment
from services.funding.ledger.domain import PostingReason
from services.funding.payments import domain
from services.funding.payments.models import Payment, PaymentResult
from services.funding.schema import require
from services.funding.tranches import commands as tranches
from services.funding.tranches.models import Tranche
from shared.messaging.outbox import emit


async def instruct(session: AsyncSession, case_id: UUID, number: int, by: str, on: date) -> Payment:
    _, tranche = await tranches.load(session, case_id, number)
    payment, instructed = domain.instruct(tranche, uuid7(), by, on)
    session.add(payment)
    await emit(session, instructed)
    return payment


async def load(session: AsyncSession, payment_id: UUID) -> tuple[Commitment, Tranche, Payment]:
    """Load and lock commitment, tranche and payment, in this order. Raises RuleBroken for an unknown payment."""
    unlocked = require(await session.get(Payment, payment_id), domain.unknown_payment(payment_id))
    commitment, tranche = await tranches.load(session, unlocked.case_id, unlocked.number)
    payment = await session.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    return commitment, tranche, payment


async def execute(session: AsyncSession, payment_id: UUID, amount_krw: int, reference: str, on: date) -> None:
    """Record that the treasury paid: payable → disbursed."""
    commitment, tranche, payment = await load(session, payment_id)
    disbursed = domain.execute(payment, tranche, amount_krw, reference, on)
    await refuse_known_reference(session, reference)
    await tranches.move_money(session, PostingReason.DISBURSED, commitment, tranche, on)
    await emit(session, disbursed)


async def refuse_known_reference(session: AsyncSession, reference: str) -> None:
    """Raise RuleBroken where another payment has the reference: the table's unique constraint gives no reason."""
    with session.no_autoflush:
        earlier = await session.scalar(select(Payment).where(col(Payment.treasury_reference) == reference))
    if earlier is not None:
        raise domain.known_reference(reference, earlier.payment_id)


async def reject(session: AsyncSession, payment_id: UUID, reason: str, on: date) -> None:
    """Record that the treasury did not pay: payable → committed, then stop the tranche if its case has ended."""
    commitment, tranche, payment = await load(session, payment_id)
    failed = domain.reject(payment, tranche, reason, on)
    await tranches.move_money(session, PostingReason.FAILED, commitment, tranche, on)
    await emit(session, failed)
    await tranches.stop_if_case_ended(session, commitment, tranche, on)


async def run_deadlines(session: AsyncSession, up_to: date) -> int:
    """Mark payments without an answer in time as unconfirmed, each once. Returns how many became so."""
    awaited = await session.scalars(
        select(Payment)
        .where(col(Payment.answer) == PaymentResult.AWAITED, col(Payment.instructed_on) < up_to)
        .order_by(col(Payment.case_id), col(Payment.number))
    )
    return sum([await mark_unconfirmed(session, payment.payment_id, up_to) for payment in awaited.all()])


async def mark_unconfirmed(session: AsyncSession, payment_id: UUID, up_to: date) -> bool:
    _, tranche, payment = await load(session, payment_id)
    unconfirmed = domain.mark_unconfirmed(payment, tranche, up_to)
    if unconfirmed is not None:
        await emit(session, unconfirmed)
    return unconfirmed is not None
