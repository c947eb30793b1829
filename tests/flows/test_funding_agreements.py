"""What an agreement binds, and what must be known before: budgets, versions, records of the past."""

from datetime import date
from uuid import UUID, uuid4

from shared.events.applications import CaseRecorded
from tests.flows.funding_api import PROGRAMME, Funding
from tests.unit.funding_builders import a_definition, a_publication


async def test_public_money_is_committed_in_the_year_in_which_each_tranche_falls_due(
    funding: Funding,
) -> None:
    await funding.hear(a_publication())
    await funding.allocate()

    signed = await funding.agreed()

    [committed] = await funding.told("funds.committed.v1")
    assert committed["years"] == [
        {"fiscal_year": 2024, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
        {"fiscal_year": 2025, "amounts_krw": {"province": 20_000_000, "city": 20_000_000}},
    ]
    assert (await funding.balances(2024))["committed"] == 40_000_000
    assert (await funding.balances(2025))["committed"] == 40_000_000
    assert {
        row["municipality"] for row in await funding.rows("funding", "posting", "kind = 'committed'")
    } == {"", signed.municipality}


async def test_an_agreement_waits_for_its_programme_and_its_budget(funding: Funding) -> None:
    signed = await funding.agreed()
    assert await funding.count("funding", "parked") == 1
    await funding.hear(a_publication())
    assert await funding.count("funding", "parked") == 1

    await funding.allocate()

    assert await funding.count("funding", "parked") == 0
    assert await funding.status(signed) == "scheduled"
    assert await funding.dead() == []


async def test_an_agreement_beyond_the_budget_is_a_dead_letter_that_names_the_gap(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate(krw=19_999_999)

    await funding.agreed()

    [letter] = await funding.rows("funding", "dead_letter")
    assert letter["rule"] == "budget_short"
    assert "2024년 시군비 52111" in letter["reason"]
    assert "1원 모자랍니다" in letter["reason"]
    assert await funding.count("funding", "commitment") == 0
    assert (await funding.balances())["available"] == 3 * 19_999_999


async def test_a_case_keeps_the_version_of_its_round_whatever_arrived_before(funding: Funding) -> None:
    one_tranche = [{"number": 1, "name_ko": "일시", "name_en": "once", "part": 1, "milestone": "start"}]
    newer = a_publication(a_definition(tranches=one_tranche), version=2)
    await funding.hear(a_publication())
    await funding.allocate()

    waiting = await funding.agreed(version=2)
    assert await funding.count("funding", "parked") == 1
    await funding.hear(newer)
    older = await funding.agreed(version=1)

    cases = [await funding.get(f"/cases/{signed.case_id}/tranches") for signed in (older, waiting)]
    assert [len(case["tranches"]) for case in cases] == [2, 1]


async def test_a_version_that_contradicts_itself_is_a_dead_letter(funding: Funding) -> None:
    await funding.hear(a_publication(), a_publication(), a_publication(a_definition(municipalities=[])))

    assert await funding.dead() == ["version_contradicts"]
    assert await funding.count("funding", "programme_version") == 1


async def test_a_second_agreement_of_a_case_is_a_dead_letter(funding: Funding) -> None:
    await funding.hear(a_publication())
    await funding.allocate()
    signed = await funding.agreed()

    await funding.agreed(case_id=signed.case_id)

    assert await funding.dead() == ["agreement_known"]
    assert (await funding.balances())["committed"] == 40_000_000


async def test_a_recorded_case_is_past_spending_of_its_own_year(funding: Funding) -> None:
    await funding.hear(a_publication())
    record = CaseRecorded(
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

    await funding.hear(record)

    assert await funding.balances(2019) == {"opening": -60, "disbursed": 50, "evidenced": 10}
    [booked] = await funding.told("past_spending.booked.v1")
    assert (booked["fiscal_year"], booked["amounts_krw"]) == (2019, {"province": 30, "city": 20, "self": 10})


async def test_a_record_without_amounts_books_nothing(funding: Funding) -> None:
    record = CaseRecorded(
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

    await funding.hear(record)

    assert await funding.told() == []
    assert await funding.count("funding", "parked") == 0


async def test_a_budget_is_for_a_known_programme_and_a_positive_amount(funding: Funding) -> None:
    body = {"programme_id": "no-such", "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    unknown = await funding.post("/budgets", "officer:o", **body)
    nothing = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 0}))
    fraction = await funding.post("/budgets", "officer:o", **(body | {"amount_krw": 1.5}))

    assert (unknown.status_code, unknown.json()["rule"]) == (409, "programme_unknown")
    assert [nothing.status_code, fraction.status_code] == [422, 422]
    assert nothing.json()["errors"][0]["field"] == "amount_krw"


async def test_nothing_can_be_dated_in_the_future(funding: Funding) -> None:
    await funding.hear(a_publication())
    body = {"programme_id": PROGRAMME, "fiscal_year": 2024, "funder": "province", "amount_krw": 1}

    refused = await funding.post("/budgets", "officer:o", **body, occurred_on="2999-01-01")

    assert (refused.status_code, refused.json()["rule"]) == (409, "future_date")
    assert await funding.told() == []


async def test_a_case_that_nobody_knows_is_not_found(funding: Funding) -> None:
    found = await funding.edge.ask("GET", f"/cases/{UUID(int=0)}/tranches", role="auditor")

    assert (found.status_code, found.json()["rule"]) == (404, "case_unknown")
