"""What can be asked about payments: to instruct, to take the treasury's answer. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from services.funding.commitments.models import Commitment
from services.funding.ledger.domain import Reason
from services.funding.payments import domain
from services.funding.payments.models import Answer, Payment
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
    """All locked, the case's account first. Raises RuleBroken for a payment that nobody instructed."""
    named = await session.get(Payment, payment_id)
    if named is None:
        raise domain.unknown_payment(payment_id)
    commitment, tranche = await tranches.load(session, named.case_id, named.number)
    payment = await session.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    return commitment, tranche, payment


async def execute(session: AsyncSession, payment_id: UUID, amount_krw: int, reference: str, on: date) -> None:
    """The treasury paid: payable → disbursed."""
    commitment, tranche, payment = await load(session, payment_id)
    disbursed = domain.execute(payment, tranche, amount_krw, reference, on)
    await refuse_known_reference(session, reference)
    await tranches.move_money(session, Reason.DISBURSED, commitment, tranche, on)
    await emit(session, disbursed)


async def refuse_known_reference(session: AsyncSession, reference: str) -> None:
    """Asked before the payment is written with it: the table would refuse it without words."""
    with session.no_autoflush:
        known = await session.scalar(select(Payment).where(col(Payment.treasury_reference) == reference))
    if known is not None:
        raise domain.known_reference(reference, known.payment_id)


async def reject(session: AsyncSession, payment_id: UUID, reason: str, on: date) -> None:
    """Nothing was paid: payable → committed; a case given up or held meanwhile gets nothing any more."""
    commitment, tranche, payment = await load(session, payment_id)
    failed = domain.reject(payment, tranche, reason, on)
    await tranches.move_money(session, Reason.FAILED, commitment, tranche, on)
    await emit(session, failed)
    await tranches.stop_if_over(session, commitment, tranche, on)


async def run_deadlines(session: AsyncSession, up_to: date) -> int:
    """How many payments the treasury has not answered in time; each is told once."""
    found = await session.scalars(
        select(Payment)
        .where(col(Payment.answer) == Answer.AWAITED, col(Payment.instructed_on) < up_to)
        .order_by(col(Payment.case_id), col(Payment.number))
    )
    return sum([await give_up_waiting(session, payment.payment_id, up_to) for payment in found.all()])


async def give_up_waiting(session: AsyncSession, payment_id: UUID, up_to: date) -> bool:
    _, tranche, payment = await load(session, payment_id)
    unconfirmed = domain.give_up_waiting(payment, tranche, up_to)
    if unconfirmed is not None:
        await emit(session, unconfirmed)
    return unconfirmed is not None
