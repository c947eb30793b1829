"""Abandoned cases and closed companies: money released, tranches held, payments that await the treasury."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.funding.tranches import commands
from shared.database.transaction import Transaction
from tests.databases import until_blocked
from tests.flows.funding_api import (
    PAID_ON,
    Funding,
    a_closure,
    a_treasury_execution,
    a_treasury_rejection,
    an_abandonment,
)
from tests.unit.funding_builders import a_publication, an_agreement


async def test_abandonment_releases_unpaid_money(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.deliver(a_treasury_execution(await funding.instruct(signed)))

    await funding.deliver(an_abandonment(signed))

    [released] = await funding.emitted("commitment.released.v1")
    assert [year["fiscal_year"] for year in released["years"]] == [2025]
    assert await funding.balances(2024) == {
        "allocated": -3_000_000_000,
        "available": 2_960_000_000,
        "committed": 0,
        "payable": 0,
        "disbursed": 40_000_000,
        "promised": -20_000_001,
        "pledged": 0,
        "evidenced": 20_000_001,
    }
    assert (await funding.balances(2025))["available"] == 3_000_000_000


async def test_abandonment_releases_an_unconfirmed_self_contribution(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = await funding.sign_agreement(shares_krw={"province": 40, "city": 40, "self": 20}, total_krw=100)

    await funding.deliver(an_abandonment(signed))

    balances = await funding.balances()
    assert (balances["committed"], balances["pledged"], balances["promised"]) == (0, 0, 0)
    assert [await funding.status(signed, number) for number in (1, 2)] == ["cancelled", "cancelled"]


async def test_money_of_an_approved_tranche_is_available_again_after_abandonment(funding: Funding) -> None:
    signed = await funding.ready_case()
    for step, actor in (("request", "officer:o"), ("approval", "approver:a")):
        await funding.post(f"/cases/{signed.case_id}/tranches/1/{step}", actor)

    await funding.deliver(an_abandonment(signed))

    balances = await funding.balances()
    assert (balances["payable"], balances["committed"], balances["available"]) == (0, 0, 3_000_000_000)


async def test_an_instructed_payment_of_an_abandoned_case_awaits_the_treasury(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)

    await funding.deliver(an_abandonment(signed))
    assert (await funding.balances())["payable"] == 40_000_000
    await funding.deliver(a_treasury_rejection(payment))

    assert (await funding.balances())["available"] == 3_000_000_000
    assert await funding.status(signed) == "cancelled"
    assert len(await funding.emitted("commitment.released.v1")) == 2


async def test_a_closed_company_is_paid_nothing_more(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    await funding.deliver(a_closure(signed))

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/approval", "approver:a")
    assert refused.status_code == 409
    assert "휴업·폐업" in refused.json()["detail"]
    assert [held["number"] for held in await funding.emitted("tranche.held.v1")] == [1, 2]


async def test_a_payment_that_the_treasury_rejects_after_the_closure_is_held(funding: Funding) -> None:
    """지급명령 뒤에 폐업한 기업의 지급을 금고가 거절하면, 그 회차는 다시 신청할 수 없고 보류된다."""
    signed = await funding.ready_case()
    payment = await funding.instruct(signed)
    await funding.deliver(a_closure(signed))
    assert await funding.status(signed) == "instructed"

    await funding.deliver(a_treasury_rejection(payment))

    assert await funding.status(signed) == "held"


async def test_an_agreement_of_a_closed_company_is_held_at_once(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.deliver(a_closure(signed))
    await funding.deliver(signed)

    assert [await funding.status(signed, number) for number in (1, 2)] == ["held", "held"]
    assert await funding.emitted("tranche.ready.v1") == []


@pytest.mark.parametrize("closure_first", [True, False])
async def test_a_concurrent_closure_and_agreement_always_hold_the_tranches(
    funding: Funding, closure_first: bool
) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    earlier = await funding.sign_agreement()
    signed, database = an_agreement(company_id=earlier.company_id), funding.databases["funding"]
    steps: list[Callable[[Transaction], Awaitable[None]]] = [
        lambda transaction: commands.hold_company(transaction, signed.company_id, "closed", PAID_ON),
        lambda transaction: commands.schedule(transaction, signed),
    ]
    first, second = steps if closure_first else reversed(steps)

    async def run_second() -> None:
        async with database.transaction() as transaction:
            await second(transaction)

    async with database.transaction() as transaction:
        await first(transaction)
        second_task = asyncio.create_task(run_second())
        await until_blocked(second_task)
        assert not second_task.done()
    await second_task

    assert await funding.status(signed) == "held"
