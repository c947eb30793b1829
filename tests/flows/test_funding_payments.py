"""Payment of a tranche: its conditions, three people, and the treasury's answer."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.funding.main import SERVICE
from services.funding.tranches import commands
from shared.observability.health import Health
from shared.service import Context, run_timer
from tests.databases import until_blocked
from tests.flows.funding_api import (
    PAID_ON,
    Funding,
    a_treasury_execution,
    a_treasury_rejection,
    an_achievement,
)
from tests.flows.notifications_builders import as_coroutine, until
from tests.system import cancel
from tests.unit.funding_builders import a_publication, an_agreement


async def test_a_tranche_goes_from_agreement_to_payment_through_three_people(funding: Funding) -> None:
    signed = await funding.ready_case()

    payment = await funding.instruct(signed)
    await funding.deliver(a_treasury_execution(payment))

    assert [event["type"] for event in (await funding.emitted())[6:]] == [
        "funds.committed.v1",
        "tranche.scheduled.v1",
        "tranche.scheduled.v1",
        "self_contribution.confirmed.v1",
        "tranche.ready.v1",
        "tranche.requested.v1",
        "tranche.approved.v1",
        "tranche.instructed.v1",
        "tranche.disbursed.v1",
    ]
    assert await funding.status(signed) == "disbursed"
    balances = await funding.balances()
    assert balances["disbursed"] == payment["amount_krw"] == 40_000_000
    assert (balances["committed"], balances["payable"]) == (0, 0)
    assert balances["evidenced"] == 20_000_001
    assert await funding.dead_letter_rules() == []


async def test_a_milestone_that_arrives_before_its_agreement_is_parked(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.deliver(an_achievement(signed))
    await funding.deliver(signed)
    await funding.confirm_self_contribution(signed)

    assert await funding.status(signed) == "ready"
    assert len(await funding.emitted("tranche.ready.v1")) == 1


async def test_a_premature_request_is_refused_with_the_missing_conditions(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = await funding.sign_agreement()

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    assert refused.status_code == 409
    assert refused.json()["rule"] == "tranche_not_ready"
    assert "자부담 확인" in refused.json()["detail"]
    assert "own share confirmed" in refused.json()["detail_en"]


async def test_each_step_needs_its_role_and_a_different_person(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"

    wrong_role = await funding.post(f"{path}/approval", "officer:o")
    await funding.post(f"{path}/request", "officer:both")
    same_person = await funding.post(f"{path}/approval", "approver:both")

    assert (wrong_role.status_code, wrong_role.json()["rule"]) == (403, "role_needed")
    assert (same_person.status_code, same_person.json()["rule"]) == (409, "three_people")
    assert await funding.status(signed) == "requested"


async def test_a_tranche_that_the_approver_sends_back_is_requested_again(funding: Funding) -> None:
    """재무관이 반려한 회차는 다른 담당자가 다시 신청(기안)할 수 있다."""
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")
    await funding.post(f"{path}/rejection", "approver:a", reason="증빙을 더하세요")
    assert await funding.status(signed) == "ready"

    again = await funding.post(f"{path}/request", "officer:p")

    assert again.json()["status"] == "requested"
    assert (await funding.post(f"{path}/approval", "approver:a")).json()["status"] == "approved"


async def test_exactly_one_of_parallel_approvals_succeeds(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")

    answers = await asyncio.gather(*(funding.post(f"{path}/approval", f"approver:a{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await funding.emitted("tranche.approved.v1")) == 1
    assert (await funding.balances())["payable"] == 40_000_000


async def test_exactly_one_of_parallel_instructions_reaches_the_treasury(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")
    await funding.post(f"{path}/approval", "approver:a")

    answers = await asyncio.gather(*(funding.post(f"{path}/instruction", f"payer:p{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert await funding.count("funding", "payment") == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount_krw": 39_999_999}, "payment_amount"),
        ({"payment_id": uuid4()}, "payment_unknown"),
        ({"occurred_on": PAID_ON - timedelta(days=1)}, "step_backdated"),
    ],
)
async def test_the_treasurys_answer_is_validated(
    funding: Funding, changes: dict[str, Any], rule: str
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)

    await funding.deliver(a_treasury_execution(payment, **changes))

    assert await funding.dead_letter_rules() == [rule]
    assert await funding.status(signed) == "instructed"
    assert (await funding.balances())["payable"] == 40_000_000


async def test_a_second_execution_of_a_payment_is_a_dead_letter_and_pays_nothing(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)

    await funding.deliver(
        a_treasury_execution(payment), a_treasury_execution(payment, treasury_reference="T-other")
    )

    assert await funding.dead_letter_rules() == ["payment_answered"]
    assert (await funding.balances())["disbursed"] == 40_000_000


async def test_a_treasury_reference_belongs_to_one_payment(funding: Funding) -> None:
    first, second = await funding.ready_case(), await funding.sign_agreement()
    await funding.confirm_self_contribution(second)
    await funding.deliver(an_achievement(second))
    payments = [await funding.instruct(case) for case in (first, second)]

    await funding.deliver(*(a_treasury_execution(payment, treasury_reference="T-1") for payment in payments))

    assert await funding.dead_letter_rules() == ["treasury_reference_known"]
    assert (await funding.status(first), await funding.status(second)) == ("disbursed", "instructed")


async def test_a_rejected_payment_returns_to_committed_and_can_be_requested_again(funding: Funding) -> None:
    signed = await funding.ready_case()

    await funding.deliver(a_treasury_rejection(await funding.instruct(signed)))

    assert (await funding.balances())["committed"] == 40_000_000
    [failed] = await funding.emitted("tranche.failed.v1")
    assert failed["reason"] == "계좌 오류"
    await funding.deliver(a_treasury_execution(await funding.instruct(signed)))
    assert (await funding.balances())["disbursed"] == 40_000_000
    assert len(await funding.emitted("tranche.ready.v1")) == 1


async def test_a_payment_without_an_answer_becomes_unconfirmed_once_and_can_still_be_answered(
    funding: Funding,
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)
    deadline_run = {"up_to": (PAID_ON + timedelta(days=30)).isoformat()}

    counts = [await funding.api.post("/deadlines", deadline_run, "operator") for _ in range(2)]
    again = await funding.post(f"/cases/{signed.case_id}/tranches/1/instruction", "payer:p")
    await funding.deliver(a_treasury_execution(payment, occurred_on=PAID_ON + timedelta(days=31)))

    assert counts == [{"unconfirmed": 1}, {"unconfirmed": 0}]
    assert again.status_code == 409
    [unconfirmed] = await funding.emitted("tranche.unconfirmed.v1")
    assert unconfirmed["payment_id"] == payment["payment_id"]
    assert await funding.status(signed) == "disbursed"


async def test_a_late_answer_is_booked_on_the_date_of_payment(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)
    await funding.api.post("/deadlines", {"up_to": (PAID_ON + timedelta(days=30)).isoformat()}, "operator")

    await funding.deliver(a_treasury_execution(payment))

    [disbursed] = await funding.emitted("tranche.disbursed.v1")
    assert disbursed["occurred_on"] == PAID_ON.isoformat()
    assert await funding.dead_letter_rules() == []
    assert (await funding.balances())["disbursed"] == 40_000_000


async def test_parallel_and_restarted_timers_mark_a_payment_unconfirmed_once(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.instruct(signed)

    for _ in range(2):
        await three_timers(funding)

    assert len(await funding.emitted("tranche.unconfirmed.v1")) == 1
    assert await funding.status(signed) == "unconfirmed"


async def three_timers(funding: Funding) -> None:
    """Run three timers at once until each has run its deadlines; then stop them."""
    database, healths = funding.databases["funding"], [Health("timer") for _ in range(3)]
    contexts = [Context(SERVICE, database, funding.settings, health) for health in healths]
    running = [asyncio.create_task(run_timer(context)) for context in contexts]
    await until(lambda: as_coroutine(not any(health.problem() for health in healths)))
    for task in running:
        await cancel(task)


async def test_two_concurrent_conditions_still_make_the_tranche_ready(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = await funding.sign_agreement()
    database, case_id = funding.databases["funding"], signed.case_id

    async def achieve() -> None:
        async with database.transaction() as transaction:
            await commands.achieve_milestone(transaction, case_id, "start", PAID_ON)

    async with database.transaction() as transaction:
        await commands.confirm_self_contribution(transaction, case_id, 20_000_001, "통장 사본", PAID_ON)
        second = asyncio.create_task(achieve())
        await until_blocked(second)
        assert not second.done()
    await second

    assert await funding.status(signed) == "ready"
