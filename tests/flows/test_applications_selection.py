"""Selection, waiting list, agreement and abandonment over HTTP."""

import asyncio
from uuid import UUID

import pytest

from services.applications.awards.models import Award
from shared.database.transaction import Lock
from tests.databases import until_blocked
from tests.flows.applications_api import ROUND, ApplicationsApi

AGREEMENT = {
    "total_krw": 50_000_000,
    "starts_on": "2024-07-01",
    "ends_on": "2025-06-30",
    "occurred_on": "2024-07-01",
}
ABANDONMENT = {"reason": "경영 사정", "occurred_on": "2024-08-01"}


async def a_decided_round(api: ApplicationsApi, *totals: int) -> list[str]:
    """Decide a round with a quota of two in JS1; return the case ids from best to worst."""
    await api.publish()
    await api.open_round()
    cases = [await api.apply_and_review(total) for total in totals or (40, 30, 20)]
    await api.close_round()
    await api.decide_round()
    return cases


async def test_the_best_are_selected_and_the_others_are_put_on_the_waiting_list(api: ApplicationsApi) -> None:
    await api.publish()
    await api.open_round()
    first, second, third = [await api.apply_and_review(total) for total in (40, 30, 20)]
    ineligible = await api.apply()
    await api.screen(ineligible, "이미 지원받은 기업")
    await api.close_round()

    counts = await api.decide_round()

    assert counts == {"selected": 2, "reserved": 1, "rejected": 1}
    states = [await api.state(case) for case in (first, second, third, ineligible)]
    assert states == ["selected", "selected", "reserved", "rejected"]
    selected = await api.emitted("company.selected")
    assert [(event["case_id"], event["rank"], event["score"], event["via"]) for event in selected] == [
        (first, 1, "40", "ranking"),
        (second, 2, "30", "ranking"),
    ]
    listed = (await api.get(f"/rounds/{ROUND}/selection"))["places"]
    assert listed[2]["ranking"] == {
        **{"applications": 3, "quota": 2, "reviews": 3, "trimmed": False},
        "tie_breaks": [],
    }
    assert (listed[3]["cause"], listed[3]["findings"]) == ("ineligible", ["이미 지원받은 기업"])
    assert {one["reason"] for one in listed} == {None}


async def test_a_round_is_decided_once(api: ApplicationsApi) -> None:
    await a_decided_round(api)

    again = await api.request("POST", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-21"})

    assert (again.status_code, again.json()["rule"]) == (409, "round_status")


async def test_a_decided_application_is_neither_withdrawn_nor_reviewed(api: ApplicationsApi) -> None:
    first, *_ = await a_decided_round(api)
    late = {"occurred_on": "2024-06-01"}
    scores = {"need": 0, "plan": 40, "effect": 0}

    withdrawal = await api.request("POST", f"/cases/{first}/withdrawal", late | {"reason": "경영 사정"})
    review = await api.request(
        "POST", f"/cases/{first}/reviews", late | {"scores": scores}, "reviewer", "r-9"
    )

    assert (withdrawal.status_code, withdrawal.json()["rule"]) == (409, "withdrawal_too_late")
    assert (review.status_code, review.json()["rule"]) == (409, "review_out_of_turn")
    assert await api.state(first) == "selected"


async def test_a_selection_is_refused_with_the_number_of_unscreened_applications(
    api: ApplicationsApi,
) -> None:
    await api.publish()
    await api.open_round()
    await api.apply_and_review(40)
    await api.apply()
    await api.close_round()

    refused = await api.request("POST", f"/rounds/{ROUND}/selection", {"occurred_on": "2024-05-21"})

    assert (refused.status_code, refused.json()["rule"]) == (409, "unscreened")
    assert "1건" in refused.json()["detail"]
    assert (await api.get(f"/rounds/{ROUND}"))["status"] == "closed"


async def test_an_agreement_is_split_to_the_won(api: ApplicationsApi) -> None:
    first, *_ = await a_decided_round(api)

    signed = await api.post(f"/cases/{first}/agreement", AGREEMENT | {"total_krw": 49_999_999})

    assert signed["shares_krw"] == {"province": 19_999_999, "city": 19_999_999, "self": 10_000_001}
    [event] = await api.emitted("agreement.signed")
    assert (event["shares_krw"], event["track"]) == (signed["shares_krw"], "JS1")
    assert await api.state(first) == "agreed"


async def test_a_case_on_the_waiting_list_signs_no_agreement(api: ApplicationsApi) -> None:
    *_, reserve = await a_decided_round(api)

    refused = await api.request("POST", f"/cases/{reserve}/agreement", AGREEMENT)

    assert (refused.status_code, refused.json()["rule"]) == (409, "place_needed")


@pytest.mark.parametrize("agreed", [False, True])
async def test_a_relinquished_award_passes_to_the_next_on_the_waiting_list(
    api: ApplicationsApi, agreed: bool
) -> None:
    first, second, reserve = await a_decided_round(api)
    if agreed:
        await api.post(f"/cases/{first}/agreement", AGREEMENT)

    answer = await api.post(f"/cases/{first}/abandonment", ABANDONMENT)

    assert answer["promoted"] == reserve
    states = [await api.state(case) for case in (first, second, reserve)]
    assert states == ["given_up", "selected", "selected"]
    [abandoned] = await api.emitted("case.abandoned")
    promoted = (await api.emitted("company.selected"))[-1]
    reference_number = (await api.get(f"/cases/{first}"))["receipt_number"]
    assert abandoned["stage"] == ("after_agreement" if agreed else "before_agreement")
    assert (promoted["case_id"], promoted["via"], promoted["rank"]) == (reserve, "reserve", 3)
    assert promoted["predecessor_receipt_number"] == reference_number


async def test_an_abandoned_case_shows_its_reason_and_the_end_of_its_agreement(api: ApplicationsApi) -> None:
    first, *_ = await a_decided_round(api)
    await api.post(f"/cases/{first}/agreement", AGREEMENT)

    await api.post(f"/cases/{first}/abandonment", ABANDONMENT)

    shown = await api.get(f"/cases/{first}")
    assert (shown["abandonment_reason"], shown["agreement"]["status"]) == ("경영 사정", "ended")


async def test_relinquished_awards_pass_on_in_rank_order(api: ApplicationsApi) -> None:
    first, second, third, fourth = await a_decided_round(api, 40, 30, 20, 10)

    promoted = [
        (await api.post(f"/cases/{case}/abandonment", ABANDONMENT))["promoted"] for case in (first, second)
    ]

    assert promoted == [third, fourth]


async def test_concurrent_abandonments_promote_two_different_cases(api: ApplicationsApi) -> None:
    cases = await a_decided_round(api, 40, 30, 20, 10)

    async with api.database.transaction() as other:
        # Both have relinquished their awards and wait here to promote the same case.
        await other.find(Award, UUID(cases[2]), lock=Lock.UPDATE)
        abandoning = [
            asyncio.create_task(api.post(f"/cases/{case}/abandonment", ABANDONMENT)) for case in cases[:2]
        ]
        await until_blocked(*abandoning)
    answers = await asyncio.gather(*abandoning)

    assert {answer["promoted"] for answer in answers} == set(cases[2:])
    assert len(await api.emitted("company.selected")) == 4


async def test_a_waiting_list_of_another_track_is_not_used(api: ApplicationsApi) -> None:
    await api.publish()
    await api.open_round(quota={"JS1": 1, "JS2": 0})
    holder = await api.apply_and_review(40)
    other = await api.apply_and_review(30, track="JS2")
    await api.close_round()
    await api.decide_round()

    abandoned = await api.post(f"/cases/{holder}/abandonment", ABANDONMENT)

    assert abandoned["promoted"] is None
    assert await api.state(other) == "reserved"


async def test_abandonment_from_the_waiting_list_promotes_nobody(api: ApplicationsApi) -> None:
    *_, reserve, next_reserve = await a_decided_round(api, 40, 30, 20, 10)

    abandoned = await api.post(f"/cases/{reserve}/abandonment", ABANDONMENT)

    assert abandoned["promoted"] is None
    assert await api.state(next_reserve) == "reserved"


async def test_a_case_that_left_the_waiting_list_is_skipped(api: ApplicationsApi) -> None:
    first, _, reserve, next_reserve = await a_decided_round(api, 40, 30, 20, 10)
    await api.post(f"/cases/{reserve}/abandonment", ABANDONMENT)

    abandoned = await api.post(f"/cases/{first}/abandonment", ABANDONMENT)

    assert abandoned["promoted"] == next_reserve


async def test_an_award_is_relinquished_once(api: ApplicationsApi) -> None:
    first, *_ = await a_decided_round(api)
    await api.post(f"/cases/{first}/abandonment", ABANDONMENT)

    again = await api.request("POST", f"/cases/{first}/abandonment", ABANDONMENT)

    assert (again.status_code, again.json()["rule"]) == (409, "place_status")
