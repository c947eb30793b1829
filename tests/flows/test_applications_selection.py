"""From application to agreement over HTTP: the selection, the reserve list and who follows whom."""

import asyncio

import pytest
from sqlalchemy import text

from tests.databases import until_they_wait
from tests.flows.applications_api import ROUND, Applications

AGREEMENT = {
    "total_krw": 50_000_000,
    "starts_on": "2024-07-01",
    "ends_on": "2025-06-30",
    "occurred_on": "2024-07-01",
}
GIVE_UP = {"reason": "경영 사정", "occurred_on": "2024-08-01"}


async def a_decided_round(api: Applications, *totals: int) -> list[str]:
    """Two places in JS1; the cases from best to worst."""
    await api.published()
    await api.opened()
    cases = [await api.ready(total) for total in totals or (40, 30, 20)]
    await api.closed()
    await api.decided()
    return cases


async def test_the_best_are_selected_and_the_others_stand_in_reserve(api: Applications) -> None:
    await api.published()
    await api.opened()
    first, second, third = [await api.ready(total) for total in (40, 30, 20)]
    unfit = await api.applied()
    await api.screened(unfit, "이미 지원받은 기업")
    await api.closed()

    counts = await api.decided()

    assert counts == {"selected": 2, "reserved": 1, "rejected": 1}
    states = [await api.state(case) for case in (first, second, third, unfit)]
    assert states == ["selected", "selected", "reserved", "rejected"]
    selected = await api.told("company.selected")
    assert [(one["case_id"], one["rank"], one["score"], one["via"]) for one in selected] == [
        (first, 1, "40", "ranking"),
        (second, 2, "30", "ranking"),
    ]
    listed = (await api.get(f"/rounds/{ROUND}/selection"))["places"]
    assert listed[2]["reason"].startswith("JS1 트랙 3개 과제 중 3위(심사 3건, 평균 20.00점).")
    assert listed[3]["reason"] == "요건에 맞지 않아 순위를 매기지 않았습니다: 이미 지원받은 기업"


async def test_a_round_is_decided_once(api: Applications) -> None:
    await a_decided_round(api)

    again = await api.ask("POST", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-21"})

    assert (again.status_code, again.json()["rule"]) == (409, "round_status")


async def test_a_selection_waits_until_all_are_screened_and_says_how_many_are_not(api: Applications) -> None:
    await api.published()
    await api.opened()
    await api.ready(40)
    await api.applied()
    await api.closed()

    refused = await api.ask("POST", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-21"})

    assert (refused.status_code, refused.json()["rule"]) == (409, "unscreened")
    assert "1건" in refused.json()["detail"]
    assert (await api.get(f"/rounds/{ROUND}"))["status"] == "closed"


async def test_an_agreement_splits_its_total_to_the_won(api: Applications) -> None:
    first, *_ = await a_decided_round(api)

    signed = await api.post(f"/cases/{first}/agreement", AGREEMENT | {"total_krw": 49_999_999})

    assert signed["shares_krw"] == {"province": 19_999_999, "city": 19_999_999, "self": 10_000_001}
    [said] = await api.told("agreement.signed")
    assert (said["shares_krw"], said["track"]) == (signed["shares_krw"], "JS1")
    assert await api.state(first) == "agreed"


async def test_a_case_in_reserve_signs_nothing(api: Applications) -> None:
    *_, reserve = await a_decided_round(api)

    refused = await api.ask("POST", f"/cases/{reserve}/agreement", AGREEMENT)

    assert (refused.status_code, refused.json()["rule"]) == (409, "place_needed")


@pytest.mark.parametrize("agreed", [False, True])
async def test_a_place_given_up_passes_to_the_next_in_reserve(api: Applications, agreed: bool) -> None:
    first, second, reserve = await a_decided_round(api)
    if agreed:
        await api.post(f"/cases/{first}/agreement", AGREEMENT)

    given_up = await api.post(f"/cases/{first}/abandonment", GIVE_UP)

    assert given_up["promoted"] == reserve
    states = [await api.state(case) for case in (first, second, reserve)]
    assert states == ["given_up", "selected", "selected"]
    [abandoned] = await api.told("case.abandoned")
    promoted = (await api.told("company.selected"))[-1]
    receipt = (await api.get(f"/cases/{first}"))["receipt_number"]
    assert abandoned["stage"] == ("after_agreement" if agreed else "before_agreement")
    assert (promoted["case_id"], promoted["via"], promoted["rank"]) == (reserve, "reserve", 3)
    assert receipt in promoted["reason"]


async def test_places_given_up_one_after_the_other_pass_on_in_the_order_of_rank(api: Applications) -> None:
    first, second, third, fourth = await a_decided_round(api, 40, 30, 20, 10)

    promoted = [
        (await api.post(f"/cases/{case}/abandonment", GIVE_UP))["promoted"] for case in (first, second)
    ]

    assert promoted == [third, fourth]


async def test_two_places_given_up_at_once_promote_two_different_cases(api: Applications) -> None:
    cases = await a_decided_round(api, 40, 30, 20, 10)

    async with api.database.transaction() as other:
        # Both wait here with their places given up: they want the same reserve.
        await other.execute(text("select 1 from place where case_id = :id for update"), {"id": cases[2]})
        giving_up = [
            asyncio.create_task(api.post(f"/cases/{case}/abandonment", GIVE_UP)) for case in cases[:2]
        ]
        await until_they_wait(*giving_up)
    gone = await asyncio.gather(*giving_up)

    assert {one["promoted"] for one in gone} == set(cases[2:])
    assert len(await api.told("company.selected")) == 4


async def test_a_reserve_of_another_track_is_not_promoted(api: Applications) -> None:
    await api.published()
    await api.opened(quota={"JS1": 1, "JS2": 0})
    holder = await api.ready(40)
    other = await api.ready(30, track="JS2")
    await api.closed()
    await api.decided()

    given_up = await api.post(f"/cases/{holder}/abandonment", GIVE_UP)

    assert given_up["promoted"] is None
    assert await api.state(other) == "reserved"


async def test_giving_up_a_place_in_reserve_promotes_nobody(api: Applications) -> None:
    *_, reserve, next_reserve = await a_decided_round(api, 40, 30, 20, 10)

    given_up = await api.post(f"/cases/{reserve}/abandonment", GIVE_UP)

    assert given_up["promoted"] is None
    assert await api.state(next_reserve) == "reserved"


async def test_a_reserve_that_gave_up_is_passed_over(api: Applications) -> None:
    first, _, reserve, next_reserve = await a_decided_round(api, 40, 30, 20, 10)
    await api.post(f"/cases/{reserve}/abandonment", GIVE_UP)

    given_up = await api.post(f"/cases/{first}/abandonment", GIVE_UP)

    assert given_up["promoted"] == next_reserve


async def test_a_place_is_given_up_once(api: Applications) -> None:
    first, *_ = await a_decided_round(api)
    await api.post(f"/cases/{first}/abandonment", GIVE_UP)

    again = await api.ask("POST", f"/cases/{first}/abandonment", GIVE_UP)

    assert (again.status_code, again.json()["rule"]) == (409, "place_status")
