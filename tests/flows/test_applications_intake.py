"""Programmes, companies, rounds and applications over HTTP: accepted requests, and refusals with their rule codes."""

import asyncio
import re
from datetime import date
from uuid import uuid4

import pytest

from tests.builders import a_business_number
from tests.databases import until_blocked
from tests.flows.applications_api import ROUND, ApplicationsApi
from tests.flows.web import Json
from tests.unit.applications_builders import CLOSES_ON, IN_WINDOW, a_definition, a_proposal, a_top_up

APPLICATION: Json = {
    "round_id": ROUND,
    "track": "JS1",
    "total_krw": 50_000_000,
    "occurred_on": f"{IN_WINDOW}",
}


async def an_open_round(api: ApplicationsApi) -> None:
    await api.publish()
    await api.open_round()


async def test_versions_are_numbered_and_all_are_stored(api: ApplicationsApi) -> None:
    first = await api.publish()
    second = await api.publish(a_definition(mentors=30), date(2025, 1, 15))

    shown = await api.get("/programmes/jeonbuk-smart-factory")
    listed = (await api.get("/programmes"))["programmes"]
    assert (first["version"], second["version"]) == (1, 2)
    assert (shown["version"], shown["definition"]["mentors"]) == (2, 30)
    assert [line["programme_id"] for line in listed] == ["jeonbuk-smart-factory"]
    async with api.database.transaction() as transaction:
        stored = await transaction.fetch("select version from programme_version order by version")
    assert [row.version for row in stored] == [1, 2]


async def test_concurrent_new_versions_get_consecutive_numbers(api: ApplicationsApi) -> None:
    await api.publish()

    async with api.database.transaction() as other:
        await other.fetch("select 1 from programme for update")
        publishing = [asyncio.create_task(api.publish()) for _ in range(2)]
        await until_blocked(*publishing)
    both = await asyncio.gather(*publishing)

    assert sorted(published["version"] for published in both) == [2, 3]


async def test_concurrent_first_versions_become_versions_one_and_two(api: ApplicationsApi) -> None:
    both = await asyncio.gather(api.publish(), api.publish())

    assert sorted(published["version"] for published in both) == [1, 2]


async def test_an_invalid_definition_is_refused_with_its_field(api: ApplicationsApi) -> None:
    shape = a_definition().model_dump(mode="json") | {"first_year": "언젠가"}

    refused = await api.request("POST", "/programmes", {"definition": shape})

    assert (refused.status_code, refused.json()["rule"]) == (422, "invalid_input")
    assert refused.json()["errors"][0]["field"] == "definition.first_year"


async def test_a_definition_with_two_errors_is_refused_with_both_in_each_language(
    api: ApplicationsApi,
) -> None:
    shape = a_definition().model_dump(mode="json")
    wrong = {"last_year": shape["first_year"] - 1, "remainder_to": None}

    refused = await api.request("POST", "/programmes", {"definition": shape | wrong})

    [error] = refused.json()["errors"]
    for language in ("ko", "en"):
        assert "last_year: " in error[language]
        assert "remainder_to: " in error[language]
    assert not re.search("[가-힣]", error["en"])


async def test_a_draft_is_listed_until_its_programme_is_published(api: ApplicationsApi) -> None:
    draft = a_proposal("44130", "44150").model_dump(mode="json", exclude_unset=True)

    proposed = await api.post("/programmes/proposals", {"proposal": draft, "occurred_on": "2022-12-12"})

    shown = await api.get("/programmes/chungnam-small-firm")
    assert proposed == {"programme_id": "chungnam-small-firm"}
    assert (shown["version"], len(shown["proposal"]["municipalities"])) == (0, 2)
    assert (await api.get("/programmes"))["programmes"][0]["name_ko"] == "충남"


async def test_a_round_uses_the_definition_in_force_on_its_date(api: ApplicationsApi) -> None:
    await api.publish()
    await api.publish(a_definition(mentors=30), date(2025, 1, 15))

    await api.open_round()

    assert (await api.get(f"/rounds/{ROUND}"))["version"] == 1


@pytest.mark.parametrize(
    ("status", "rule", "changes"),
    [
        (404, "programme_unknown", {"programme_id": "nobody"}),
        (409, "not_in_force", {"occurred_on": "2024-01-31"}),
        (409, "round_known", {}),
        (422, "invalid_input", {"quota": {"JS1": -1}}),
        (422, "invalid_input", {"round_id": "대문자 아님"}),
    ],
)
async def test_a_round_is_opened_once_and_under_a_programme_in_force(
    api: ApplicationsApi, status: int, rule: str, changes: Json
) -> None:
    await an_open_round(api)
    round = {
        "round_id": ROUND if rule == "round_known" else "jeonbuk-2024-2",
        "programme_id": "jeonbuk-smart-factory",
        "year": 2024,
        "name_ko": "2차 공고",
        "opens_on": "2024-03-20",
        "closes_on": "2024-04-03",
        "quota": {"JS1": 1},
        "occurred_on": "2024-03-20",
    }

    refused = await api.request("POST", "/rounds", round | changes)

    assert (refused.status_code, refused.json()["rule"]) == (status, rule)


async def test_the_agencys_agreement_is_stored_with_the_round(api: ApplicationsApi) -> None:
    await an_open_round(api)

    agreed = await api.post(
        f"/rounds/{ROUND}/agreement", {"agency_ko": "전북테크노파크", "occurred_on": "2024-03-21"}
    )

    assert (agreed["agency_ko"], agreed["agreed_on"]) == ("전북테크노파크", "2024-03-21")


async def test_a_business_number_is_registered_once_and_a_refusal_names_the_company(
    api: ApplicationsApi,
) -> None:
    number = a_business_number()
    company = {"business_number": number, "name_ko": "기업", "municipality": "52130"}

    responses = await asyncio.gather(*(api.request("POST", "/companies", company) for _ in range(3)))

    created = [response for response in responses if response.status_code == 201]
    refused = [response for response in responses if response.status_code == 409]
    assert (len(created), len(refused)) == (1, 2)
    assert refused[0].json()["rule"] == "company_known"
    assert created[0].json()["company_id"] in refused[0].json()["detail"]


async def test_a_business_number_with_a_wrong_check_digit_is_refused_in_korean(api: ApplicationsApi) -> None:
    company = {"business_number": "123-45-67890", "name_ko": "기업", "municipality": "52130"}

    refused = await api.request("POST", "/companies", company)

    assert refused.status_code == 422
    assert "검증번호" in refused.json()["errors"][0]["ko"]


async def test_a_company_finds_its_case_by_reference_number(api: ApplicationsApi) -> None:
    await an_open_round(api)
    company = await api.register()

    submitted = await api.post("/applications", APPLICATION | {"company_id": company}, "company", company)

    shown = await api.get(f"/me/cases/{submitted['receipt_number']}", "company", company)
    assert (shown["case_id"], shown["state"]) == (submitted["case_id"], "submitted")
    assert shown["state_ko"] == "접수: 요건검토를 기다립니다"
    assert (await api.get("/me/cases", "company", company))["cases"] == [shown]


async def test_a_company_neither_sees_nor_changes_the_case_of_another(api: ApplicationsApi) -> None:
    await an_open_round(api)
    company, other = await api.register(), await api.register()
    submitted = await api.post("/applications", APPLICATION | {"company_id": company})

    by_number = await api.request(
        "GET", f"/me/cases/{submitted['receipt_number']}", role="company", subject=other
    )
    by_id = await api.request("GET", f"/cases/{submitted['case_id']}", role="company", subject=other)
    withdrawal = await api.request(
        "POST", f"/cases/{submitted['case_id']}/withdrawal", {"reason": "-"}, "company", other
    )
    application = await api.request(
        "POST", "/applications", APPLICATION | {"company_id": company}, "company", other
    )

    responses = (by_number, by_id, withdrawal, application)
    assert [response.status_code for response in responses] == [404, 403, 403, 403]
    assert (await api.get("/me/cases", "company", other))["cases"] == []


async def test_a_mistyped_reference_number_is_reported_as_mistyped(api: ApplicationsApi) -> None:
    company = await api.register()

    refused = await api.request("GET", "/me/cases/JSF-2024-0001-00", role="company", subject=company)

    assert (refused.status_code, refused.json()["rule"]) == (404, "receipt_number")


async def test_a_company_applies_once_per_round_even_with_concurrent_requests(api: ApplicationsApi) -> None:
    await an_open_round(api)
    company = await api.register()

    responses = await asyncio.gather(
        *(api.request("POST", "/applications", APPLICATION | {"company_id": company}) for _ in range(4))
    )

    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    refused = next(response for response in responses if response.status_code == 409).json()
    created = next(response for response in responses if response.status_code == 201).json()
    assert refused["rule"] == "once_a_round"
    assert created["receipt_number"] in refused["detail"]


async def test_reference_numbers_have_no_gaps_even_after_a_refusal(api: ApplicationsApi) -> None:
    await an_open_round(api)
    company = await api.register()
    submitted = [await api.post("/applications", APPLICATION | {"company_id": company})]
    await api.request("POST", "/applications", APPLICATION | {"company_id": company})
    for _ in range(2):
        submitted.append(await api.post("/applications", APPLICATION | {"company_id": await api.register()}))

    assert [response["receipt_number"][:13] for response in submitted] == [
        f"JSF-2024-000{n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("status", "rule", "changes"),
    [
        (404, "round_unknown", {"round_id": "nobody"}),
        (404, "company_unknown", {"company_id": str(uuid4())}),
        (409, "round_window", {"occurred_on": "2024-04-04"}),
        (409, "track_unknown", {"track": "JS9"}),
        (409, "future_date", {"occurred_on": "2999-01-01"}),
        (422, "invalid_input", {"total_krw": 50_000_000.5}),
        (422, "invalid_input", {"total_krw": "50000000"}),
        (422, "invalid_input", {"favour": True}),
    ],
)
async def test_a_refused_application_stores_nothing(
    api: ApplicationsApi, status: int, rule: str, changes: Json
) -> None:
    await an_open_round(api)
    company = await api.register()

    refused = await api.request("POST", "/applications", APPLICATION | {"company_id": company} | changes)

    assert (refused.status_code, refused.json()["rule"]) == (status, rule)
    assert (await api.get("/me/cases", "company", company))["cases"] == []


async def test_a_paper_application_may_be_entered_after_the_closing(api: ApplicationsApi) -> None:
    await an_open_round(api)
    await api.close_round()

    case_id = await api.apply(occurred_on=f"{CLOSES_ON}")

    assert await api.state(case_id) == "submitted"


async def test_a_top_up_programme_refuses_applications(api: ApplicationsApi) -> None:
    await api.publish(a_top_up())
    await api.open_round(programme_id="gimcheon-smart-factory", quota={})

    refused = await api.request(
        "POST", "/applications", APPLICATION | {"company_id": await api.register(), "track": None}
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "entry_top_up")


async def test_the_subject_of_the_token_reviews_a_case_once(api: ApplicationsApi) -> None:
    await an_open_round(api)
    case_id = await api.apply()
    await api.screen(case_id)
    await api.review(case_id, 40)

    scores = {"need": 1, "plan": 1, "effect": 1}
    again = await api.request(
        "POST", f"/cases/{case_id}/reviews", {"scores": scores}, "reviewer", "reviewer-0"
    )
    officer = await api.request("POST", f"/cases/{case_id}/reviews", {"scores": scores})

    assert (again.status_code, again.json()["rule"]) == (409, "review_once")
    assert (officer.status_code, officer.json()["rule"]) == (403, "role_needed")


async def test_a_withdrawn_application_is_not_selected(api: ApplicationsApi) -> None:
    await an_open_round(api)
    stays, goes = await api.apply_and_review(10), await api.apply_and_review(40)
    await api.post(f"/cases/{goes}/withdrawal", {"reason": "경영 사정", "occurred_on": "2024-05-03"})
    await api.close_round()

    counts = await api.decide_round()

    assert counts == {"selected": 1, "reserved": 0, "rejected": 0}
    assert [await api.state(case) for case in (stays, goes)] == ["selected", "withdrawn"]


async def test_every_operation_has_a_summary_in_korean_and_english(api: ApplicationsApi) -> None:
    document = (await api.client.get("/openapi.json")).json()
    modules = {"programmes", "rounds", "companies", "applications", "cases", "me"}

    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.split("/")[1] in modules
    ]
    assert {path.split("/")[1] for path, *_ in operations} == modules
    without_summary = [endpoint for *endpoint, operation in operations if " / " not in operation["summary"]]
    assert without_summary == []


async def test_commands_and_nothing_else_declare_an_idempotency_key(api: ApplicationsApi) -> None:
    document = (await api.client.get("/openapi.json")).json()

    declared = {
        (method == "get", "Idempotency-Key" in [field["name"] for field in operation.get("parameters", [])])
        for methods in document["paths"].values()
        for method, operation in methods.items()
    }

    assert declared == {(True, False), (False, True)}
