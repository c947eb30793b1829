"""Payments: by a third person, exactly the amount, once, and never again while the treasury has not answered."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.funding.payments import domain
from services.funding.payments.models import Payment, PaymentResult
from services.funding.tranches.models import Status, Tranche
from shared.errors import RuleBroken
from tests.unit.funding_builders import APPROVER, OFFICER, PAYER, a_tranche

FRIDAY = date(2024, 9, 13)
AFTER_CHUSEOK = date(2024, 9, 23)


def an_approved_tranche() -> Tranche:
    return a_tranche(
        status=Status.APPROVED, status_changed_on=FRIDAY, requested_by=OFFICER, approved_by=APPROVER
    )


def an_instructed_payment() -> tuple[Payment, Tranche]:
    tranche = an_approved_tranche()
    payment, _ = domain.instruct(tranche, uuid4(), PAYER, FRIDAY)
    return payment, tranche


def test_the_payer_is_a_third_person() -> None:
    for person in (OFFICER, APPROVER):
        with pytest.raises(RuleBroken, match=r"^three_people: "):
            domain.instruct(an_approved_tranche(), uuid4(), person, FRIDAY)
    payment, instructed = domain.instruct(an_approved_tranche(), uuid4(), PAYER, FRIDAY)

    assert (instructed.instructed_by, instructed.payment_id) == (PAYER, payment.payment_id)
    assert payment.amount_krw == instructed.total_krw


def test_a_payment_is_of_its_tranche_and_awaits_an_answer() -> None:
    tranche = an_approved_tranche()

    payment, instructed = domain.instruct(tranche, uuid4(), PAYER, FRIDAY)

    assert (payment.case_id, payment.number, payment.instructed_on) == (tranche.case_id, 1, FRIDAY)
    assert payment.answer == PaymentResult.AWAITED
    assert (tranche.status, tranche.instructed_by) == (Status.INSTRUCTED, PAYER)
    assert (instructed.case_id, instructed.occurred_on) == (tranche.case_id, FRIDAY)


def test_an_instructed_tranche_is_not_instructed_again() -> None:
    _, tranche = an_instructed_payment()

    with pytest.raises(RuleBroken, match="다시 지급하지 않습니다"):
        domain.instruct(tranche, uuid4(), PAYER, FRIDAY)


def test_the_treasury_must_pay_exactly_the_instructed_amount() -> None:
    payment, tranche = an_instructed_payment()

    for wrong in (payment.amount_krw - 1, payment.amount_krw + 1):
        with pytest.raises(RuleBroken, match=r"^payment_amount: "):
            domain.execute(payment, tranche, wrong, "T-1", FRIDAY)
    disbursed = domain.execute(payment, tranche, payment.amount_krw, "T-1", FRIDAY)

    assert (disbursed.treasury_reference, disbursed.payment_id) == ("T-1", payment.payment_id)
    assert (payment.treasury_reference, payment.answered_on) == ("T-1", FRIDAY)
    assert (tranche.status, payment.answer) == (Status.DISBURSED, PaymentResult.EXECUTED)


def test_a_payment_is_executed_once() -> None:
    payment, tranche = an_instructed_payment()
    domain.execute(payment, tranche, payment.amount_krw, "T-1", FRIDAY)

    with pytest.raises(RuleBroken, match=r"^payment_answered: "):
        domain.execute(payment, tranche, payment.amount_krw, "T-2", FRIDAY)
    with pytest.raises(RuleBroken, match=r"^payment_answered: "):
        domain.reject(payment, tranche, "계좌 오류", FRIDAY)


def test_a_payment_is_not_executed_before_it_was_instructed() -> None:
    payment, tranche = an_instructed_payment()

    with pytest.raises(RuleBroken, match=r"^step_backdated: "):
        domain.execute(payment, tranche, payment.amount_krw, "T-1", FRIDAY - timedelta(days=1))


def test_a_rejected_payment_needs_three_new_signatures() -> None:
    payment, tranche = an_instructed_payment()

    failed = domain.reject(payment, tranche, "계좌 오류", FRIDAY)

    assert (failed.reason, failed.payment_id, failed.occurred_on) == ("계좌 오류", payment.payment_id, FRIDAY)
    assert (payment.answer, payment.answered_on) == (PaymentResult.REJECTED, FRIDAY)
    assert tranche.status == Status.READY
    assert (tranche.requested_by, tranche.approved_by, tranche.instructed_by) == (None, None, None)


def test_the_treasury_has_three_business_days_to_answer() -> None:
    assert domain.answer_due(date(2024, 7, 1)) == date(2024, 7, 4)
    assert domain.answer_due(FRIDAY) == AFTER_CHUSEOK


def test_a_payment_without_an_answer_is_unconfirmed_from_the_day_after() -> None:
    payment, tranche = an_instructed_payment()

    in_time = domain.mark_unconfirmed(payment, tranche, AFTER_CHUSEOK)
    late = domain.mark_unconfirmed(payment, tranche, date(2024, 12, 31))
    again = domain.mark_unconfirmed(payment, tranche, date(2024, 12, 31))

    assert in_time is None
    assert late is not None
    assert (late.occurred_on, late.payment_id) == (AFTER_CHUSEOK + timedelta(days=1), payment.payment_id)
    assert again is None
    assert (payment.answer, tranche.status) == (PaymentResult.OVERDUE, Status.UNCONFIRMED)
    assert tranche.status_changed_on == FRIDAY


def test_a_payment_is_unconfirmed_on_the_first_day_that_is_too_late() -> None:
    payment, tranche = an_instructed_payment()

    assert domain.mark_unconfirmed(payment, tranche, AFTER_CHUSEOK + timedelta(days=1)) is not None


def test_an_unknown_payment_and_a_known_reference_are_refused_with_their_numbers() -> None:
    payment = uuid4()
    unknown, known = domain.unknown_payment(payment), domain.known_reference("T-1", payment)

    assert (unknown.rule, str(payment) in unknown.ko) == ("payment_unknown", True)
    assert known.rule == "treasury_reference_known"
    assert f"T-1은(는) 지급 {payment}" in known.ko


def test_an_unconfirmed_payment_is_not_repeated_but_may_still_be_answered() -> None:
    payment, tranche = an_instructed_payment()
    domain.mark_unconfirmed(payment, tranche, date(2024, 12, 31))

    with pytest.raises(RuleBroken, match="금고에 지급 여부를 확인"):
        domain.instruct(tranche, uuid4(), PAYER, date(2024, 12, 31))
    domain.execute(payment, tranche, payment.amount_krw, "T-1", date(2024, 12, 31))

    assert tranche.status == Status.DISBURSED


@pytest.mark.parametrize("answered_on", [AFTER_CHUSEOK, FRIDAY], ids=["in time", "the same day"])
def test_a_late_answer_is_dated_by_the_treasurys_payment(answered_on: date) -> None:
    payment, tranche = an_instructed_payment()
    domain.mark_unconfirmed(payment, tranche, date(2024, 12, 31))

    disbursed = domain.execute(payment, tranche, payment.amount_krw, "T-1", answered_on)

    assert (disbursed.occurred_on, tranche.status_changed_on) == (answered_on, answered_on)


def test_an_overdue_answer_cannot_be_dated_before_the_instruction() -> None:
    payment, tranche = an_instructed_payment()
    domain.mark_unconfirmed(payment, tranche, date(2024, 12, 31))

    with pytest.raises(RuleBroken, match=r"^step_backdated: "):
        domain.execute(payment, tranche, payment.amount_krw, "T-1", FRIDAY - timedelta(days=1))
