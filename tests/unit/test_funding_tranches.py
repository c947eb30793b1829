"""Tranches: exact amounts, their conditions, three people, and only the allowed transitions."""

from datetime import date, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.commitments.domain import confirm_self_contribution
from services.funding.commitments.models import Commitment
from services.funding.tranches import domain
from services.funding.tranches.models import Status, Tranche
from shared.errors import PrerequisiteMissing, RuleBroken
from shared.values.money import public
from tests.unit.funding_builders import (
    APPROVER,
    OFFICER,
    PAYER,
    SIGNED_ON,
    a_case,
    a_definition,
    a_tranche,
    an_agreement,
    funding_terms,
)

LATER = SIGNED_ON + timedelta(days=20)


def a_ready_tranche() -> tuple[Commitment, Tranche]:
    commitment, [tranche, _] = a_case()
    confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)
    domain.achieve(commitment, tranche, LATER)
    domain.make_ready(commitment, tranche)
    return commitment, tranche


def a_requested_tranche() -> Tranche:
    commitment, tranche = a_ready_tranche()
    domain.request(commitment, tranche, OFFICER, LATER)
    return tranche


@given(st.integers(0, 10**13), st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_tranches_add_up_to_the_public_share_of_each_funder(total_krw: int, parts: list[int]) -> None:
    rules = [
        {"number": n, "name_ko": "회차", "name_en": "part", "part": part, "milestone": "final"}
        for n, part in enumerate(parts, start=1)
    ]
    definition = a_definition(tranches=rules)
    signed = an_agreement(total_krw=total_krw, shares_krw=definition.split(total_krw))

    tranches = domain.schedule(a_case()[0], funding_terms(tranches=rules), signed.shares_krw)

    for funder, krw in public(signed.shares_krw).items():
        assert sum(tranche.amounts_krw[funder] for tranche in tranches) == krw
    assert all(tranche.total_krw == sum(tranche.amounts_krw.values()) for tranche in tranches)
    assert "self" not in tranches[0].amounts_krw


def test_the_fiscal_year_of_a_tranche_is_that_of_its_due_date() -> None:
    _, tranches = a_case()

    assert [tranche.fiscal_year for tranche in tranches] == [2024, 2025]
    assert [year.fiscal_year for year in domain.shares_by_year(tranches)] == [2024, 2025]


def test_the_shares_of_a_year_are_the_sum_of_its_tranches_by_funder() -> None:
    _, [first, second] = a_case()
    second.fiscal_year = first.fiscal_year

    [year] = domain.shares_by_year([first, second])

    assert year.amounts_krw == {
        funder: first.amounts_krw[funder] + second.amounts_krw[funder] for funder in first.amounts_krw
    }


def test_a_scheduled_tranche_is_announced_with_its_milestone_and_due_date() -> None:
    tranche = a_tranche()

    event = domain.scheduled(tranche, LATER)

    assert (event.milestone, event.due_on, event.occurred_on) == ("start", tranche.due_on, LATER)
    assert (event.subject, event.amounts_krw) == (str(tranche.case_id), tranche.amounts_krw)


def test_a_programme_without_tranches_cannot_commit_money() -> None:
    with pytest.raises(RuleBroken, match=r"^no_tranches: "):
        domain.schedule(a_case()[0], funding_terms(tranches=[]), an_agreement().shares_krw)


@pytest.mark.parametrize("order", list(permutations(["self-contribution", "milestone"])))
def test_a_tranche_becomes_ready_once_and_on_the_same_date_in_any_order(order: tuple[str, ...]) -> None:
    commitment, [tranche, _] = a_case()

    events = []
    for condition in order:
        if condition == "self-contribution":
            confirm_self_contribution(commitment, commitment.self_krw, "통장 사본", SIGNED_ON)
        else:
            domain.achieve(commitment, tranche, LATER)
        events += [domain.make_ready(commitment, tranche), domain.make_ready(commitment, tranche)]

    assert [event.occurred_on for event in events if event] == [LATER]
    assert tranche.status == Status.READY


def test_a_self_contribution_of_zero_needs_no_confirmation() -> None:
    commitment, [tranche, _] = a_case()
    commitment.self_krw = 0
    domain.achieve(commitment, tranche, LATER)

    assert domain.make_ready(commitment, tranche) is not None


def test_a_refused_request_names_the_missing_conditions_and_the_role_to_act() -> None:
    commitment, [tranche, _] = a_case()

    with pytest.raises(PrerequisiteMissing) as refusal:
        domain.request(commitment, tranche, OFFICER, LATER)

    assert refusal.value.rule == "tranche_not_ready"
    for text in ("등록), 이정표 'start' 달성", "자부담 확인", "담당자"):
        assert text in refusal.value.ko
    assert "휴업" not in refusal.value.ko


def test_a_milestone_before_the_agreement_is_refused() -> None:
    commitment, [tranche, _] = a_case()

    with pytest.raises(RuleBroken, match=r"^before_agreement: "):
        domain.achieve(commitment, tranche, SIGNED_ON - timedelta(days=1))


def test_the_requester_cannot_approve_or_reject() -> None:
    tranche = a_requested_tranche()

    with pytest.raises(RuleBroken, match=r"^three_people: "):
        domain.approve(tranche, OFFICER, LATER)
    with pytest.raises(RuleBroken, match=r"^three_people: "):
        domain.reject(a_requested_tranche(), OFFICER, "증빙 부족", LATER)


def test_only_a_requested_tranche_is_rejected() -> None:
    _, tranche = a_ready_tranche()

    with pytest.raises(RuleBroken, match=r"^tranche_step: 1회차"):
        domain.reject(tranche, APPROVER, "증빙 부족", LATER)


def test_a_rejected_request_can_be_made_again_by_anybody() -> None:
    commitment, tranche = a_ready_tranche()
    domain.request(commitment, tranche, OFFICER, LATER)

    rejected = domain.reject(tranche, APPROVER, "증빙 부족", LATER)
    domain.request(commitment, tranche, "officer-2", LATER)

    assert (rejected.rejected_by, rejected.reason) == (APPROVER, "증빙 부족")
    assert (tranche.status, tranche.requested_by) == (Status.REQUESTED, "officer-2")


def test_a_step_cannot_be_dated_before_the_previous_step() -> None:
    tranche = a_requested_tranche()

    with pytest.raises(RuleBroken, match=r"^step_backdated: "):
        domain.approve(tranche, APPROVER, LATER - timedelta(days=1))
    assert tranche.status == Status.REQUESTED


def test_a_held_tranche_can_be_neither_requested_nor_approved() -> None:
    tranche, requested = a_tranche(), a_requested_tranche()
    domain.hold(tranche, "closed", LATER)
    domain.hold(requested, "closed", LATER)

    with pytest.raises(RuleBroken, match="휴업·폐업"):
        domain.request(a_case()[0], tranche, OFFICER, LATER)
    with pytest.raises(RuleBroken, match="휴업·폐업"):
        domain.approve(requested, APPROVER, LATER)


def test_a_closure_reported_late_still_holds_the_tranche() -> None:
    tranche = a_requested_tranche()

    held = domain.hold(tranche, "closed", date(2024, 7, 2))

    assert (held.occurred_on, tranche.status) == (date(2024, 7, 2), Status.HELD)
    assert tranche.status_changed_on == LATER


@pytest.mark.parametrize(("on", "changed_on"), [(LATER, LATER), (SIGNED_ON - timedelta(days=1), SIGNED_ON)])
def test_a_tranche_is_cancelled_on_the_day_or_on_that_of_its_last_step(on: date, changed_on: date) -> None:
    tranche = a_tranche()

    domain.cancel(tranche, on)

    assert (tranche.status, tranche.status_changed_on) == (Status.CANCELLED, changed_on)


def test_an_unknown_tranche_is_refused_with_its_number() -> None:
    refusal = domain.unknown_tranche(7)

    assert (refusal.rule, "7회차" in refusal.ko, "tranche 7" in refusal.en) == ("tranche_unknown", True, True)


@pytest.mark.parametrize(("status", "to"), list(product(Status, Status)))
def test_a_transition_missing_from_the_table_is_refused(status: Status, to: Status) -> None:
    tranche = a_tranche(status=status)

    if to in domain.NEXT[status]:
        domain.set_status(tranche, to, LATER)
        assert tranche.status == to
    else:
        with pytest.raises(RuleBroken) as refusal:
            domain.set_status(tranche, to, LATER)
        assert (refusal.value.rule, "1회차" in refusal.value.ko) == ("tranche_step", True)
        assert tranche.status == status


def test_disbursed_and_cancelled_are_final() -> None:
    assert domain.NEXT[Status.DISBURSED] == domain.NEXT[Status.CANCELLED] == set()
    assert set(domain.NEXT) == set(domain.STATUS_TEXT) == set(Status)


def test_an_instructed_tranche_can_be_neither_held_nor_cancelled() -> None:
    for status in (Status.INSTRUCTED, Status.UNCONFIRMED):
        assert domain.STOPPED.isdisjoint(domain.NEXT[status])


def test_events_contain_the_amounts_and_the_signatory() -> None:
    tranche = a_requested_tranche()

    approved = domain.approve(tranche, APPROVER, LATER)

    assert approved.approved_by == tranche.approved_by == APPROVER
    assert approved.total_krw == tranche.total_krw
    assert approved.subject == str(tranche.case_id)
    assert PAYER not in (tranche.requested_by, tranche.approved_by)
