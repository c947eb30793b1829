"""The rules of payments: paid once, exactly the amount, never again while the treasury has not answered."""

from datetime import date, timedelta
from uuid import UUID

from services.funding.payments.models import Payment, PaymentResult
from services.funding.tranches.domain import (
    clear_signatories,
    event_fields,
    refuse_same_person,
    set_status,
    transition,
)
from services.funding.tranches.models import Status, Tranche
from shared.errors import RuleBroken
from shared.events.funding import TrancheDisbursed, TrancheFailed, TrancheInstructed, TrancheUnconfirmed
from shared.values.calendar import is_business_day

TREASURY_RESPONSE_DAYS = 3
"""Business days within which the treasury must answer."""

UNANSWERED = {PaymentResult.AWAITED, PaymentResult.OVERDUE}


def instruct(tranche: Tranche, payment_id: UUID, by: str, on: date) -> tuple[Payment, TrancheInstructed]:
    """Instruct the payment (지급명령). Raises RuleBroken where the payer (지출원) is requester or approver."""
    transition(tranche, Status.INSTRUCTED, on)
    refuse_same_person(tranche, by)
    tranche.instructed_by = by
    payment = Payment(
        payment_id=payment_id,
        case_id=tranche.case_id,
        number=tranche.number,
        amount_krw=tranche.total_krw,
        instructed_on=on,
    )
    return payment, TrancheInstructed(**event_fields(tranche, on), instructed_by=by, payment_id=payment_id)


def execute(
    payment: Payment, tranche: Tranche, amount_krw: int, reference: str, on: date
) -> TrancheDisbursed:
    """Record that the treasury paid on that date. Raises RuleBroken for another amount, or a second answer."""
    refuse_answered(payment)
    refuse_other_amount(payment, amount_krw)
    transition(tranche, Status.DISBURSED, on)
    payment.answer, payment.answered_on, payment.treasury_reference = PaymentResult.EXECUTED, on, reference
    return TrancheDisbursed(
        **event_fields(tranche, on), payment_id=payment.payment_id, treasury_reference=reference
    )


def reject(payment: Payment, tranche: Tranche, reason: str, on: date) -> TrancheFailed:
    """Record that the treasury did not pay: the tranche may be requested again, with new signatures."""
    refuse_answered(payment)
    transition(tranche, Status.READY, on)
    clear_signatories(tranche)
    payment.answer, payment.answered_on = PaymentResult.REJECTED, on
    return TrancheFailed(**event_fields(tranche, on), payment_id=payment.payment_id, reason=reason)


def answer_due(instructed_on: date) -> date:
    """Return the last business day on which the treasury's answer is in time."""
    day, left = instructed_on, TREASURY_RESPONSE_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def mark_unconfirmed(payment: Payment, tranche: Tranche, up_to: date) -> TrancheUnconfirmed | None:
    """Mark a payment without an answer in time as unconfirmed; None where it is answered or not yet late.

    The event is dated the day after the last one in time. The status keeps its date, because a later answer may
    bear an earlier date than the event.
    """
    late_on = answer_due(payment.instructed_on) + timedelta(days=1)
    if payment.answer != PaymentResult.AWAITED or up_to < late_on:
        return None
    set_status(tranche, Status.UNCONFIRMED, tranche.status_changed_on)
    payment.answer = PaymentResult.OVERDUE
    return TrancheUnconfirmed(**event_fields(tranche, late_on), payment_id=payment.payment_id)


def refuse_answered(payment: Payment) -> None:
    if payment.answer not in UNANSWERED:
        raise RuleBroken(
            "payment_answered",
            ko=f"지급 {payment.payment_id}은(는) {payment.answered_on}에 이미 {payment.answer}(으)로 끝났습니다. "
            "금고 기록과 대조하세요.",
            en=f"Payment {payment.payment_id} ended as {payment.answer} on {payment.answered_on} already. "
            "Compare with the treasury's record.",
        )


def refuse_other_amount(payment: Payment, amount_krw: int) -> None:
    if amount_krw != payment.amount_krw:
        raise RuleBroken(
            "payment_amount",
            ko=f"금고가 {amount_krw:,}원을 지급했다고 하나 지급명령은 {payment.amount_krw:,}원입니다. 금고와 대조하세요.",
            en=f"The treasury says {amount_krw:,} won, the instruction {payment.amount_krw:,}. Compare with it.",
        )


def unknown_payment(payment_id: UUID) -> RuleBroken:
    return RuleBroken(
        "payment_unknown",
        ko=f"지급명령 {payment_id}은(는) 우리가 낸 적이 없습니다. 금고에 번호를 확인하세요.",
        en=f"We never instructed payment {payment_id}. Ask the treasury about its number.",
    )


def known_reference(reference: str, payment_id: UUID) -> RuleBroken:
    return RuleBroken(
        "treasury_reference_known",
        ko=f"금고 거래번호 {reference}은(는) 지급 {payment_id}에 이미 쓰였습니다. 금고와 대조하세요.",
        en=f"Treasury reference {reference} belongs to payment {payment_id} already. Compare with the treasury.",
    )
