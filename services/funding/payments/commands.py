"""Commands on payments: instruct, record the treasury's answer, run deadlines. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from services.funding.commitments.models import Commitment
from services.funding.ledger.domain import PostingReason
from services.funding.payments import domain
from services.funding.payments.models import Payment, PaymentResult
from services.funding.schema import require
from services.funding.tranches import commands as tranches
from services.funding.tranches.models import Tranche
from shared.database.transaction import Lock, Query, Transaction
from shared.messaging.outbox import emit

BY_REFERENCE = Query(select(Payment).where(col(Payment.treasury_reference) == bindparam("reference")))
AWAITED = Query(
    select(Payment)
    .where(col(Payment.answer) == PaymentResult.AWAITED, col(Payment.instructed_on) < bindparam("up_to"))
    .order_by(col(Payment.case_id), col(Payment.number))
)


async def instruct(transaction: Transaction, case_id: UUID, number: int, by: str, on: date) -> Payment:
    _, tranche = await tranches.load(transaction, case_id, number)
    payment, instructed = domain.instruct(tranche, uuid7(), by, on)
    await transaction.update(tranche)
    await transaction.insert(payment)
    await emit(transaction, instructed)
    return payment


async def load(transaction: Transaction, payment_id: UUID) -> tuple[Commitment, Tranche, Payment]:
    """Load and lock commitment, tranche and payment, in this order. Raises RuleBroken for an unknown payment."""
    unlocked = require(await transaction.find(Payment, payment_id), domain.unknown_payment(payment_id))
    commitment, tranche = await tranches.load(transaction, unlocked.case_id, unlocked.number)
    payment = await transaction.find(Payment, payment_id, lock=Lock.UPDATE)
    return commitment, tranche, require(payment, domain.unknown_payment(payment_id))


async def execute(
    transaction: Transaction, payment_id: UUID, amount_krw: int, reference: str, on: date
) -> None:
    """Record that the treasury paid: payable → disbursed."""
    commitment, tranche, payment = await load(transaction, payment_id)
    disbursed = domain.execute(payment, tranche, amount_krw, reference, on)
    await refuse_known_reference(transaction, reference)
    await transaction.update(tranche, payment)
    await tranches.move_money(transaction, PostingReason.DISBURSED, commitment, tranche, on)
    await emit(transaction, disbursed)


async def refuse_known_reference(transaction: Transaction, reference: str) -> None:
    """Raise RuleBroken where another payment has the reference: the table's unique constraint gives no reason."""
    earlier = await transaction.first(BY_REFERENCE, reference=reference)
    if earlier is not None:
        raise domain.known_reference(reference, earlier.payment_id)


async def reject(transaction: Transaction, payment_id: UUID, reason: str, on: date) -> None:
    """Record that the treasury did not pay: payable → committed, then stop the tranche if its case has ended."""
    commitment, tranche, payment = await load(transaction, payment_id)
    failed = domain.reject(payment, tranche, reason, on)
    await transaction.update(tranche, payment)
    await tranches.move_money(transaction, PostingReason.FAILED, commitment, tranche, on)
    await emit(transaction, failed)
    await tranches.stop_if_case_ended(transaction, commitment, tranche, on)


async def run_deadlines(transaction: Transaction, up_to: date) -> int:
    """Mark payments without an answer in time as unconfirmed, each once. Returns how many became so."""
    awaited = await transaction.all(AWAITED, up_to=up_to)
    return sum([await mark_unconfirmed(transaction, payment.payment_id, up_to) for payment in awaited])


async def mark_unconfirmed(transaction: Transaction, payment_id: UUID, up_to: date) -> bool:
    _, tranche, payment = await load(transaction, payment_id)
    unconfirmed = domain.mark_unconfirmed(payment, tranche, up_to)
    if unconfirmed is not None:
        await transaction.update(tranche, payment)
        await emit(transaction, unconfirmed)
    return unconfirmed is not None
