"""Events of the ministry, the registry and legacy systems through Kafka: handled once, parked, or dead-lettered."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.applications.main import SERVICE
from shared.config import Settings
from shared.events import Event
from shared.events.external import MinistryCompanySelected, RegistryBusinessClosed, RegistryBusinessSuspended
from tests.builders import a_business_number, kafka_record
from tests.databases import Databases
from tests.flows.applications_api import ApplicationsApi
from tests.system import MemorySystem
from tests.unit.applications_builders import a_legacy_case, a_ministry_selection, a_top_up

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
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        yield system


async def deliver(system: MemorySystem, *events: Event) -> None:
    for event in events:
        await system.send(**kafka_record(event, number=None))
    await system.run_until_quiescent()


async def a_top_up_round(api: ApplicationsApi, **changes: Any) -> None:
    await api.publish(a_top_up(), date(2022, 1, 3))
    await api.open_round(**TOP_UP_ROUND | {"quota": {}} | changes)


def selected(**changes: Any) -> MinistryCompanySelected:
    return a_ministry_selection(**{"total_krw": 100_000_001, "occurred_on": date(2022, 4, 20)} | changes)


async def dead_letters(system: MemorySystem) -> list[str]:
    return [row["rule"] for row in await system.rows("applications", "dead_letter")]


async def emitted_types(system: MemorySystem) -> list[str]:
    """Return the types of the events emitted, without those of programmes and rounds."""
    rows = await system.rows("applications", "event_log")
    setup = ("programme.", "round.")
    types = [row["type"].removeprefix("kr.ieum.").rpartition(".v")[0] for row in rows]
    return [type for type in types if not type.startswith(setup)]


async def test_a_ministry_selection_registers_the_company_and_opens_its_case_with_an_award(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await deliver(system, selected())

    assert await emitted_types(system) == ["company.registered", "application.submitted", "company.selected"]
    [case] = await system.rows("applications", "case")
    [award] = await system.rows("applications", "award")
    assert case["receipt_number"].startswith("GSF-2022-0001-")
    assert case["requested_krw"] == {
        "national": 50_000_000,
        "province": 10_000_000,
        "city": 20_000_000,
        "self": 20_000_001,
    }
    assert (award["status"], award["via"]) == ("selected", "ministry")
    assert (award["rank"], award["ranking"], award["reason"]) == (None, None, None)


async def test_a_company_selected_by_the_ministry_signs_an_agreement(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    await deliver(system, selected())
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


async def test_a_known_company_is_not_registered_again(api: ApplicationsApi, system: MemorySystem) -> None:
    await a_top_up_round(api)
    number = a_business_number()
    company = await api.register(business_number=number, municipality="47150", occurred_on="2022-03-01")

    await deliver(system, selected(business_number=number))

    [case] = await system.rows("applications", "case")
    assert str(case["company_id"]) == company


async def test_a_second_selection_of_a_company_in_a_round_is_dead_lettered(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    number = a_business_number()

    await deliver(system, selected(business_number=number), selected(business_number=number))

    assert await dead_letters(system) == ["once_a_round"]
    assert await system.count("applications", "case") == 1


@pytest.mark.parametrize("programme_known", [False, True])
async def test_a_selection_is_parked_until_its_round_is_known(
    api: ApplicationsApi, system: MemorySystem, programme_known: bool
) -> None:
    if programme_known:
        await api.publish(a_top_up(), date(2022, 1, 3))
    await deliver(system, selected())
    parked = await system.count("applications", "parked")

    await a_top_up_round(api)
    await system.run_until_quiescent()

    assert (parked, await system.count("applications", "parked")) == (1, 0)
    assert await system.count("applications", "award") == 1


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("round_window", {"occurred_on": date(2022, 3, 1)}),
        ("municipality_unknown", {"municipality": "99999"}),
        ("total_needed", {"total_krw": 0}),
    ],
)
async def test_a_selection_that_breaks_a_rule_is_dead_lettered_and_stores_nothing(
    api: ApplicationsApi, system: MemorySystem, rule: str, changes: dict[str, Any]
) -> None:
    await a_top_up_round(api)

    await deliver(system, selected(**changes))

    assert await dead_letters(system) == [rule]
    assert await emitted_types(system) == ["record.dead_lettered"]
    assert await system.count("applications", "company") == 0


async def test_a_selection_beyond_the_quota_is_dead_lettered(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api, quota={"all": 2})

    await deliver(system, selected(), selected(), selected())

    assert await dead_letters(system) == ["quota_full"]
    assert await system.count("applications", "award") == 2


async def test_a_past_result_is_taken_over_once_however_often_it_is_received(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await deliver(system, a_legacy_case(), a_legacy_case(), a_legacy_case(record_id="GC-2019-02"))

    assert await emitted_types(system) == ["case.recorded", "case.recorded"]
    assert await dead_letters(system) == []
    rows = await system.rows("applications", "recorded_case")
    assert {(row["system"], row["record_id"]) for row in rows} == {
        ("legacy", "GC-2019-01"),
        ("legacy", "GC-2019-02"),
    }


async def test_a_past_result_with_changed_content_is_dead_lettered(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)

    await deliver(system, a_legacy_case(), a_legacy_case(status="in_progress"))

    assert await dead_letters(system) == ["record_contradicts"]
    [stored] = await system.rows("applications", "recorded_case")
    assert stored["status"] == "completed"


async def test_a_past_result_is_parked_until_its_programme_is_known(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await deliver(system, a_legacy_case())
    before = await system.count("applications", "recorded_case")

    await api.publish(a_top_up(), date(2022, 1, 3))
    await system.run_until_quiescent()

    assert (before, await system.count("applications", "recorded_case")) == (0, 1)


async def test_suspensions_and_closures_of_registered_companies_only_are_emitted(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    number = a_business_number()
    await api.register(business_number=number)
    day = date(2024, 4, 1)

    await deliver(
        system,
        RegistryBusinessSuspended(business_number=number, since=day, occurred_on=day),
        RegistryBusinessClosed(business_number=number, since=day, occurred_on=day),
        RegistryBusinessClosed(business_number=a_business_number(), since=day, occurred_on=day),
    )

    assert await emitted_types(system) == ["company.registered", "company.closed", "company.closed"]
    assert await dead_letters(system) == []
    [company] = await system.rows("applications", "company")
    assert company["state"] == "closed"


async def test_a_closed_company_on_the_waiting_list_is_skipped(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await api.publish()
    await api.open_round(quota={"JS1": 1})
    number = a_business_number()
    closing = await api.register(business_number=number)
    holder = await api.apply_and_review(40)
    await api.apply_and_review(30, company_id=closing)
    last = await api.apply_and_review(20)
    await api.close_round()
    await api.decide_round()
    day = date(2024, 7, 1)
    await deliver(system, RegistryBusinessClosed(business_number=number, since=day, occurred_on=day))

    abandoned = await api.post(
        f"/cases/{holder}/abandonment", {"reason": "경영 사정", "occurred_on": "2024-08-01"}
    )

    assert abandoned["promoted"] == last


async def test_a_company_closed_meanwhile_signs_no_agreement(
    api: ApplicationsApi, system: MemorySystem
) -> None:
    await a_top_up_round(api)
    number, day = a_business_number(), date(2022, 4, 29)
    await deliver(system, selected(business_number=number))
    [case] = await system.rows("applications", "case")
    await deliver(system, RegistryBusinessClosed(business_number=number, since=day, occurred_on=day))

    refused = await api.request(
        "POST",
        f"/cases/{case['id']}/agreement",
        {"total_krw": 1_000_000, "starts_on": "2022-05-02", "ends_on": "2022-12-30"},
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "company_closed")
