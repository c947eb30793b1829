"""Agreements: committed money, and the prerequisites: budgets, programme versions, past results."""

from datetime import date
from uuid import UUID, uuid4

from shared.events.applications import CaseRecorded
from tests.flows.funding_api import PROGRAMME, Funding
from tests.unit.funding_builders import a_definition, a_publication


async def test_public_money_is_committed_in_the_fiscal_year_of_each_due_date(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()

    signed = await funding.sign_agreement()

    [committed] = await funding.emitted("funds.committed.v1")
    assert committed["years"] == [
        {"fiscal_year": 2024, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
        {"fiscal_year": 2025, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
    ]
    assert (await funding.balances(2024))["committed"] == 40_000_000
    assert (await funding.balances(2025))["committed"] == 40_000_000
    assert {
        row["municipality"] for row in await funding.rows("funding", "posting", "kind = 'committed'")
    } == {"", signed.municipality}


async def test_an_agreement_is_parked_until_its_programme_and_budget_arrive(funding: Funding) -> None:
    signed = await funding.sign_agreement()
    assert await funding.count("funding", "parked") == 1
    await funding.deliver(a_publication())
    assert await funding.count("funding", "parked") == 1

    await funding.allocate()

    assert await funding.count("funding", "parked") == 0
    assert await funding.status(signed) == "scheduled"
    assert await funding.dead_letter_rules() == []


async def test_an_agreement_beyond_the_budget_is_a_dead_letter_that_names_the_shortfall(
    funding: Funding,
) -> None:
    await funding.deliver(a_publication())
    await funding.allocate(krw=19_999_999)

    await funding.sign_agreement()

    [dead_letter] = await funding.rows("funding", "dead_letter")
    assert dead_letter["rule"] == "budget_short"
    assert "2024년 시군비 52111" in dead_letter["reason"]
    assert "1원 모자랍니다" in dead_letter["reason"]
    assert await funding.count("funding", "commitment") == 0
    assert (await funding.balances())["available"] == 3 * 19_999_999


async def test_a_case_follows_the_version_of_its_round_in_any_order_of_arrival(funding: Funding) -> None:
    single_tranche = [{"number": 1, "name_ko": "일시", "name_en": "once", "part": 1, "milestone": "start"}]
    newer = a_publication(a_definition(tranches=single_tranche), version=2)
    await funding.deliver(a_publication())
    await funding.allocate()

    newest = await funding.sign_agreement(version=2)
    assert await funding.count("funding", "parked") == 1
    await funding.deliver(newer)
    older = await funding.sign_agreement(version=1)

    cases = [await funding.get(f"/cases/{signed.case_id}/tranches") for signed in (older, newest)]
    assert [len(case["tranches"]) for case in cases] == [2, 1]


async def test_a_version_that_contradicts_itself_is_a_dead_letter(funding: Funding) -> None:
    await funding.deliver(a_publication(), a_publication(), a_publication(a_definition(municipalities=[])))

    assert await funding.dead_letter_rules() == ["version_contradicts"]
    assert await funding.count("funding", "programme_version") == 1


async def test_a_second_agreement_of_a_case_is_a_dead_letter(funding: Funding) -> None:
    await funding.deliver(a_publication())
    await funding.allocate()
    signed = await funding.sign_agreement()

    await funding.sign_agreement(case_id=signed.case_id)

    assert await funding.dead_letter_rules() == ["agreement_known"]
    assert (await funding.balances())["committed"] == 40_000_000


async def test_a_recorded_case_is_booked_as_past_spending_of_its_first_year(funding: Funding) -> None:
    await funding.deliver(a_publication())
    recorded = CaseRecorded(
        case_id=uuid4(),
        programme_id=PROGRAMME,
        system="legacy",
        record_id="G-1",
        company_name_ko="기업 G-001",
        municipality="52111",
        year_from=2019,
        year_to=2021,
        status="completed",
        amounts_krw={"province": 30, "city": 20, "self": 10},
        occurred_on=date(2021, 12, 31),
    )

    await funding.deliver(recorded)

    assert await funding.balances(2019) == {"opening": -60, "disbursed": 50, "evidenced": 10}
    [booked] = await funding.emitted("past_spending.booked.v1")
    assert (booked["fiscal_year"], booked["amounts_krw"]) == (2019, {"province": 30, "city": 20, "self": 10})


async def test_a_recorded_case_without_amounts_books_nothing(funding: Funding) -> None:
    recorded = CaseRecorded(
        case_id=uuid4(),
        programme_id="chungnam-technopark-history",
        system="legacy",
        record_id="C-1",
        company_name_ko="기업 C-001",
        municipality="44130",
        year_from=2019,
        year_to=2021,
        status="completed",
        occurred_on=date(2021, 12, 31),
    )

    await funding.deliver(recorded)

    assert await funding.emitted() == []
    assert await funding.count("funding", "parked") == 0


async def test_a_budget_is_for_a_known_programme_and_a_positive_amount(funding: Funding) -> None:
    body = {"programme_id": "no-such", "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    unknown = await funding.post("/budgets", "officer:o", **body)
    nothing = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 0}))
    fraction = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 1.5}))

    assert (unknown.status_code, unknown.json()["rule"]) == (409, "programme_unknown")
    assert [nothing.status_code, fraction.status_code] == [422, 422]
    assert nothing.json()["errors"][0]["field"] == "amount_krw"


async def test_a_future_date_is_refused(funding: Funding) -> None:
    await funding.deliver(a_publication())
    body = {"programme_id": PROGRAMME, "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    refused = await funding.post("/budgets", "officer:o", **body, occurred_on="2999-01-01")

    assert (refused.status_code, refused.json()["rule"]) == (409, "future_date")
    assert await funding.emitted() == []


async def test_an_unknown_case_is_not_found(funding: Funding) -> None:
    response = await funding.api.request("GET", f"/cases/{UUID(int=0)}/tranches", role="auditor")

    assert (response.status_code, response.json()["rule"]) == (404, "case_unknown")
