"""Cases that are given up and businesses that close: what is freed, what is held, what awaits the treasury."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.tranches import commands
from tests.databases import until_they_wait
from tests.flows.funding_api import PAID_ON, Funding, closed, given_up, paid, unpaid
from tests.unit.funding_builders import a_publication, an_agreement


async def test_giving_up_frees_what_was_not_paid(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.hear(paid(await funding.instructed(signed)))

    await funding.hear(given_up(signed))

    [released] = await funding.told("commitment.released.v1")
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


async def test_giving_up_takes_back_a_pledge_that_was_not_evidenced(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed(shares_krw={"province": 40, "city": 40, "self": 20}, total_krw=100)

    await funding.hear(given_up(signed))

    balances = await funding.balances()
    assert (balances["committed"], balances["pledged"], balances["promised"]) == (0, 0, 0)
    assert [await funding.status(signed, number) for number in (1, 2)] == ["cancelled", "cancelled"]


async def test_an_approved_tranche_of_a_case_that_is_given_up_is_available_again(funding: Funding) -> None:
    signed = await funding.ready_case()
    for step, who in (("request", "officer:o"), ("approval", "approver:a")):
        await funding.post(f"/cases/{signed.case_id}/tranches/1/{step}", who)

    await funding.hear(given_up(signed))

    balances = await funding.balances()
    assert (balances["payable"], balances["committed"], balances["available"]) == (0, 0, 3_000_000_000)


async def test_an_instructed_payment_of_a_case_that_is_given_up_awaits_the_treasury(funding: Funding) -> None:
    signed = await funding.ready_case()
    payment = await funding.instructed(signed)

    await funding.hear(given_up(signed))
    assert (await funding.balances())["payable"] == 40_000_000
    await funding.hear(unpaid(payment))

    assert (await funding.balances())["available"] == 3_000_000_000
    assert await funding.status(signed) == "cancelled"
    assert len(await funding.told("commitment.released.v1")) == 2


async def test_a_closed_business_is_paid_nothing_more(funding: Funding) -> None:
    signed = await funding.ready_case()
    await funding.post(f"/cases/{signed.case_id}/tranches/1/request", "officer:o")

    await funding.hear(closed(signed))

    refused = await funding.post(f"/cases/{signed.case_id}/tranches/1/approval", "approver:a")
    assert refused.status_code == 409
    assert "휴업·폐업" in refused.json()["detail"]
    assert [held["number"] for held in await funding.told("tranche.held.v1")] == [1, 2]


async def test_an_agreement_of_a_business_that_is_known_to_be_closed_is_held_at_once(
    funding: Funding,
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = an_agreement()

    await funding.hear(closed(signed))
    await funding.hear(signed)

    assert [await funding.status(signed, number) for number in (1, 2)] == ["held", "held"]
    assert await funding.told("tranche.ready.v1") == []


@pytest.mark.parametrize("closure_first", [True, False])
async def test_a_closure_and_an_agreement_at_once_cannot_miss_each_other(
    funding: Funding, closure_first: bool
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    known = await funding.agreed()
    signed, database = an_agreement(company_id=known.company_id), funding.databases["funding"]
    steps: list[Callable[[AsyncSession], Awaitable[None]]] = [
        lambda session: commands.hold_company(session, signed.company_id, "closed", PAID_ON),
        lambda session: commands.schedule(session, signed),
    ]
    first, second = steps if closure_first else reversed(steps)

    async def follow() -> None:
        async with database.transaction() as session:
            await second(session)

    async with database.transaction() as session:
        await first(session)
        following = asyncio.create_task(follow())
        await until_they_wait(following)
        assert not following.done()
    await following

    assert await funding.status(signed) == "held"
