"""The rules of paying: exactly once, exactly the amount, never again while the answer is open."""

from datetime import date, timedelta
from uuid import UUID

from services.funding.payments.models import Answer, Payment
from services.funding.tranches.domain import forget_people, move, refuse_same_person, said, step
from services.funding.tranches.models import Status, Tranche
from shared.errors import RuleBroken
from shared.events.funding import TrancheDisbursed, TrancheFailed, TrancheInstructed, TrancheUnconfirmed
from shared.values.calendar import is_business_day

ANSWER_DAYS = 3
"""Business days within which the treasury answers."""

OPEN = {Answer.AWAITED, Answer.OVERDUE}


def instruct(tranche: Tranche, payment_id: UUID, by: str, on: date) -> tuple[Payment, TrancheInstructed]:
    """지급명령, by a third person (지출원)."""
    step(tranche, Status.INSTRUCTED, on)
    refuse_same_person(tranche, by)
    tranche.instructed_by = by
    payment = Payment(
        payment_id=payment_id,
        case_id=tranche.case_id,
        number=tranche.number,
        amount_krw=tranche.total_krw,
        instructed_on=on,
    )
    return payment, TrancheInstructed(**said(tranche, on), instructed_by=by, payment_id=payment_id)


def execute(
    payment: Payment, tranche: Tranche, amount_krw: int, reference: str, on: date
) -> TrancheDisbursed:
    refuse_answered(payment)
    refuse_other_amount(payment, amount_krw)
    step(tranche, Status.DISBURSED, on)
    payment.answer, payment.answered_on, payment.treasury_reference = Answer.EXECUTED, on, reference
    return TrancheDisbursed(**said(tranche, on), payment_id=payment.payment_id, treasury_reference=reference)


def reject(payment: Payment, tranche: Tranche, reason: str, on: date) -> TrancheFailed:
    """Nothing was paid: the tranche may be requested again, with new signatures."""
    refuse_answered(payment)
    step(tranche, Status.READY, on)
    forget_people(tranche)
    payment.answer, payment.answered_on = Answer.REJECTED, on
    return TrancheFailed(**said(tranche, on), payment_id=payment.payment_id, reason=reason)


def answer_due(instructed_on: date) -> date:
    """The last business day on which the treasury's answer is in time."""
    day, left = instructed_on, ANSWER_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def give_up_waiting(payment: Payment, tranche: Tranche, up_to: date) -> TrancheUnconfirmed | None:
    """Dated the day after the last one in time, whenever we look.

    It says what we do not know, not what was done: an answer that we hear of later may bear an earlier date.
    """
    late_on = answer_due(payment.instructed_on) + timedelta(days=1)
    if payment.answer != Answer.AWAITED or up_to < late_on:
        return None
    move(tranche, Status.UNCONFIRMED, tranche.moved_on)
    payment.answer = Answer.OVERDUE
    return TrancheUnconfirmed(**said(tranche, late_on), payment_id=payment.payment_id)


def refuse_answered(payment: Payment) -> None:
    if payment.answer not in OPEN:
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
