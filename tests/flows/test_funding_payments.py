"""A tranche's way to the company: its conditions, three people, and the treasury's answer."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.funding.main import SERVICE
from services.funding.tranches import commands
from shared.observability.health import Health
from shared.service import Context, run_timer
from tests.databases import until_they_wait
from tests.flows.funding_api import PAID_ON, Funding, an_achievement, paid, unpaid
from tests.flows.notifications_builders import done, until
from tests.system import cancelled
from tests.unit.funding_builders import a_publication, an_agreement


async def test_a_tranche_goes_from_agreement_to_payment_through_three_people(funding: Funding) -> None:
    signed = await funding.ready_case()

    payment = await funding.instructed(signed)
    await funding.hear(paid(payment))

    assert [event["type"] for event in (await funding.told())[6:]] == [
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
    assert await funding.dead() == []


async def test_a_milestone_that_arrives_before_its_agreement_waits_for_it(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.hear(an_achievement(signed))
    await funding.hear(signed)
    await funding.confirm(signed)

    assert await funding.status(signed) == "ready"
    assert len(await funding.told("tranche.ready.v1")) == 1


async def test_a_request_before_its_time_is_told_what_is_missing(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    assert refused.status_code == 409
    assert refused.json()["rule"] == "tranche_not_ready"
    assert "자부담 확인" in refused.json()["detail"]
    assert "own share confirmed" in refused.json()["detail_en"]


async def test_each_step_belongs_to_its_role_and_to_another_person(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"

    wrong_role = await funding.post(f"{path}/approval", "officer:o")
    await funding.post(f"{path}/request", "officer:both")
    same_person = await funding.post(f"{path}/approval", "approver:both")

    assert (wrong_role.status_code, wrong_role.json()["rule"]) == (403, "role_needed")
    assert (same_person.status_code, same_person.json()["rule"]) == (409, "three_people")
    assert await funding.status(signed) == "requested"


async def test_of_parallel_approvals_exactly_one_wins(funding: Funding) -> None:
    signed = await funding.ready_case()
    path = f"/cases/{signed.case_id}/tranches/1"
    await funding.post(f"{path}/request", "officer:o")

    answers = await asyncio.gather(*(funding.post(f"{path}/approval", f"approver:a{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await funding.told("tranche.approved.v1")) == 1
    assert (await funding.balances())["payable"] == 40_000_000


async def test_of_parallel_instructions_exactly_one_reaches_the_treasury(funding: Funding) -> None:
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
async def test_what_the_treasury_says_is_checked(
    funding: Funding, changes: dict[str, Any], rule: str
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(paid(payment, **changes))

    assert await funding.dead() == [rule]
    assert await funding.status(signed) == "instructed"
    assert (await funding.balances())["payable"] == 40_000_000


async def test_a_second_execution_of_a_payment_is_a_dead_letter_and_pays_nothing(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(paid(payment), paid(payment, treasury_reference="T-other"))

    assert await funding.dead() == ["payment_answered"]
    assert (await funding.balances())["disbursed"] == 40_000_000


async def test_one_treasury_reference_stands_for_one_payment(funding: Funding) -> None:
    first, second = await funding.ready_case(), await funding.agreed()
    await funding.confirm(second)
    await funding.hear(an_achievement(second))
    payments = [await funding.instructed(case) for case in (first, second)]

    await funding.hear(*(paid(payment, treasury_reference="T-1") for payment in payments))

    assert await funding.dead() == ["treasury_reference_known"]
    assert (await funding.status(first), await funding.status(second)) == ("disbursed", "instructed")


async def test_a_rejected_payment_frees_the_money_and_can_be_requested_again(funding: Funding) -> None:
    signed = await funding.ready_case()

    await funding.hear(unpaid(await funding.instructed(signed)))

    assert (await funding.balances())["committed"] == 40_000_000
    [failed] = await funding.told("tranche.failed.v1")
    assert failed["reason"] == "계좌 오류"
    await funding.hear(paid(await funding.instructed(signed)))
    assert (await funding.balances())["disbursed"] == 40_000_000
    assert len(await funding.told("tranche.ready.v1")) == 1


async def test_a_payment_without_an_answer_becomes_unconfirmed_once_and_can_still_be_answered(
    funding: Funding,
) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)
    look = {"up_to": (PAID_ON + timedelta(days=30)).isoformat()}

    counts = [await funding.edge.post("/deadlines", look, "operator") for _ in range(2)]
    again = await funding.post(f"/cases/{signed.case_id}/tranches/1/instruction", "payer:p")
    await funding.hear(paid(payment, occurred_on=PAID_ON + timedelta(days=31)))

    assert counts == [{"unconfirmed": 1}, {"unconfirmed": 0}]
    assert again.status_code == 409
    [unconfirmed] = await funding.told("tranche.unconfirmed.v1")
    assert unconfirmed["payment_id"] == payment["payment_id"]
    assert await funding.status(signed) == "disbursed"


async def test_an_answer_that_comes_late_books_the_money_on_the_day_it_was_paid(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)
    await funding.edge.post("/deadlines", {"up_to": (PAID_ON + timedelta(days=30)).isoformat()}, "operator")

    await funding.hear(paid(payment))

    [disbursed] = await funding.told("tranche.disbursed.v1")
    assert disbursed["occurred_on"] == PAID_ON.isoformat()
    assert await funding.dead() == []
    assert (await funding.balances())["disbursed"] == 40_000_000


async def test_timers_tell_an_unanswered_payment_once_however_many_run_and_are_started_again(
    funding: Funding,
) -> None:
    signed = await funding.ready_case()
    await funding.instructed(signed)

    for _ in range(2):
        await three_timers(funding)

    assert len(await funding.told("tranche.unconfirmed.v1")) == 1
    assert await funding.status(signed) == "unconfirmed"


async def three_timers(funding: Funding) -> None:
    """Three processes with the role, started at once, until each has looked; then they are stopped."""
    database, healths = funding.databases["funding"], [Health("timer") for _ in range(3)]
    contexts = [Context(SERVICE, database, funding.settings, health) for health in healths]
    running = [asyncio.create_task(run_timer(context)) for context in contexts]
    await until(lambda: done(not any(health.problem() for health in healths)))
    for one in running:
        await cancelled(one)


async def test_of_two_conditions_that_come_true_at_once_the_second_sees_the_first(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()
    database, case_id = funding.databases["funding"], signed.case_id

    async def achieve() -> None:
        async with database.transaction() as session:
            await commands.achieve_milestone(session, case_id, "start", PAID_ON)

    async with database.transaction() as session:
        await commands.confirm_self_contribution(session, case_id, 20_000_001, "통장 사본", PAID_ON)
        second = asyncio.create_task(achieve())
        await until_they_wait(second)
        assert not second.done()
    await second

    assert await funding.status(signed) == "ready"
