"""What the ministry, the registry and legacy systems tell, through Kafka: taken up once, parked, or given up."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.applications.main import SERVICE
from shared.config import Settings
from shared.events import Event
from shared.events.external import MinistryCompanySelected, RegistryBusinessClosed, RegistryBusinessSuspended
from tests.builders import a_business_number, sealed
from tests.databases import Databases
from tests.flows.applications_api import Applications
from tests.system import MemorySystem
from tests.unit.applications_builders import a_ministry_selection, a_record, a_top_up

TOP_UP_ROUND = {
    "round_id": "gimcheon-2022",
    "programme_id": "gimcheon-smart-factory",
    "year": 2022,
    "opens_on": "2022-03-02",
    "closes_on": "2022-12-30",
    "occurred_on": "2022-03-02",
}


@pytest.fixture
async def system(databases: Databases, settings: Settings) -> AsyncIterator[MemorySystem]:
    async with MemorySystem([SERVICE], databases, settings) as found:
        await found.start()
        yield found


async def tell(system: MemorySystem, *events: Event) -> None:
    for event in events:
        await system.send(**sealed(event, number=None))
    await system.settle()


async def a_top_up_round(api: Applications, **changes: Any) -> None:
    await api.published(a_top_up(), date(2022, 1, 3))
    await api.opened(**TOP_UP_ROUND | {"quota": {}} | changes)


def selected(**changes: Any) -> MinistryCompanySelected:
    return a_ministry_selection(**{"total_krw": 100_000_001, "occurred_on": date(2022, 4, 20)} | changes)


async def dead_letters(system: MemorySystem) -> list[str]:
    return [row["rule"] for row in await system.rows("applications", "dead_letter")]


async def told_types(system: MemorySystem) -> list[str]:
    rows = await system.rows("applications", "event_log")
    outside = ("programme.", "round.")
    types = [row["type"].removeprefix("kr.ieum.").rpartition(".v")[0] for row in rows]
    return [type for type in types if not type.startswith(outside)]


async def test_a_ministry_selection_registers_the_company_and_opens_its_case_with_a_place(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await tell(system, selected())

    assert await told_types(system) == ["company.registered", "application.submitted", "company.selected"]
    [case] = await system.rows("applications", "case")
    [place] = await system.rows("applications", "place")
    assert case["receipt_number"].startswith("GSF-2022-0001-")
    assert case["requested_krw"] == {
        "national": 50_000_000,
        "province": 10_000_000,
        "city": 20_000_000,
        "self": 20_000_001,
    }
    assert (place["status"], place["via"], place["rank"]) == ("selected", "ministry", None)
    assert "중앙부처" in place["reason"]


async def test_a_company_that_the_ministry_selected_signs_like_any_other(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    await tell(system, selected())
    [case] = await system.rows("applications", "case")

    signed = await api.post(
        f"/cases/{case['id']}/agreement",
        {
            "total_krw": 100_000_000,
            "starts_on": "2022-05-02",
            "ends_on": "2022-12-30",
            "occurred_on": "2022-05-02",
        },
    )

    assert signed["shares_krw"]["national"] == 50_000_000


async def test_a_known_company_is_not_registered_again(api: Applications, system: MemorySystem) -> None:
    await a_top_up_round(api)
    number = a_business_number()
    company = await api.registered(business_number=number, municipality="47150", occurred_on="2022-03-01")

    await tell(system, selected(business_number=number))

    [case] = await system.rows("applications", "case")
    assert str(case["company_id"]) == company


async def test_a_second_selection_of_a_company_in_a_round_is_a_dead_letter(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    number = a_business_number()

    await tell(system, selected(business_number=number), selected(business_number=number))

    assert await dead_letters(system) == ["once_a_round"]
    assert await system.count("applications", "case") == 1


@pytest.mark.parametrize("programme_known", [False, True])
async def test_a_selection_told_before_its_round_waits_for_it(
    api: Applications, system: MemorySystem, programme_known: bool
) -> None:
    if programme_known:
        await api.published(a_top_up(), date(2022, 1, 3))
    await tell(system, selected())
    parked = await system.count("applications", "parked")

    await a_top_up_round(api)
    await system.settle()

    assert (parked, await system.count("applications", "parked")) == (1, 0)
    assert await system.count("applications", "place") == 1


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("round_window", {"occurred_on": date(2022, 3, 1)}),
        ("municipality_unknown", {"municipality": "99999"}),
        ("total_needed", {"total_krw": 0}),
    ],
)
async def test_a_selection_that_breaks_a_rule_is_a_dead_letter_and_leaves_nothing(
    api: Applications, system: MemorySystem, rule: str, changes: dict[str, Any]
) -> None:
    await a_top_up_round(api)

    await tell(system, selected(**changes))

    assert await dead_letters(system) == [rule]
    assert await told_types(system) == ["record.dead_lettered"]
    assert await system.count("applications", "company") == 0


async def test_a_round_with_a_quota_takes_no_more_than_that(api: Applications, system: MemorySystem) -> None:
    await a_top_up_round(api, quota={"all": 2})

    await tell(system, selected(), selected(), selected())

    assert await dead_letters(system) == ["quota_full"]
    assert await system.count("applications", "place") == 2


async def test_a_past_result_is_taken_over_once_however_often_it_is_told(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await tell(system, a_record(), a_record(), a_record(record_id="GC-2019-02"))

    assert await told_types(system) == ["case.recorded", "case.recorded"]
    assert await dead_letters(system) == []
    rows = await system.rows("applications", "recorded_case")
    assert {(row["system"], row["record_id"]) for row in rows} == {
        ("legacy", "GC-2019-01"),
        ("legacy", "GC-2019-02"),
    }


async def test_a_past_result_that_contradicts_itself_is_a_dead_letter(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await tell(system, a_record(), a_record(status="in_progress"))

    assert await dead_letters(system) == ["record_contradicts"]
    [kept] = await system.rows("applications", "recorded_case")
    assert kept["status"] == "completed"


async def test_a_past_result_waits_for_its_programme(api: Applications, system: MemorySystem) -> None:
    await tell(system, a_record())
    before = await system.count("applications", "recorded_case")

    await api.published(a_top_up(), date(2022, 1, 3))
    await system.settle()

    assert (before, await system.count("applications", "recorded_case")) == (0, 1)


async def test_what_the_registry_says_of_our_companies_is_told_and_of_others_is_not(
    api: Applications, system: MemorySystem
) -> None:
    number = a_business_number()
    await api.registered(business_number=number)
    day = date(2024, 4, 1)

    await tell(
        system,
        RegistryBusinessSuspended(business_number=number, since=day, occurred_on=day),
        RegistryBusinessClosed(business_number=number, since=day, occurred_on=day),
        RegistryBusinessClosed(business_number=a_business_number(), since=day, occurred_on=day),
    )

    assert await told_types(system) == ["company.registered", "company.closed", "company.closed"]
    assert await dead_letters(system) == []
    [company] = await system.rows("applications", "company")
    assert company["state"] == "closed"


async def test_a_reserve_whose_business_is_closed_is_passed_over(
    api: Applications, system: MemorySystem
) -> None:
    await api.published()
    await api.opened(quota={"JS1": 1})
    number = a_business_number()
    closing = await api.registered(business_number=number)
    holder = await api.ready(40)
    await api.ready(30, company_id=closing)
    last = await api.ready(20)
    await api.closed()
    await api.decided()
    day = date(2024, 7, 1)
    await tell(system, RegistryBusinessClosed(business_number=number, since=day, occurred_on=day))

    given_up = await api.post(
        f"/cases/{holder}/abandonment", {"reason": "경영 사정", "occurred_on": "2024-08-01"}
    )

    assert given_up["promoted"] == last


async def test_a_business_that_has_closed_meanwhile_signs_no_agreement(
    api: Applications, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    number, day = a_business_number(), date(2022, 4, 29)
    await tell(system, selected(business_number=number))
    [case] = await system.rows("applications", "case")
    await tell(system, RegistryBusinessClosed(business_number=number, since=day, occurred_on=day))

    refused = await api.ask(
        "POST",
        f"/cases/{case['id']}/agreement",
        {"total_krw": 1_000_000, "starts_on": "2022-05-02", "ends_on": "2022-12-30"},
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "company_closed")
