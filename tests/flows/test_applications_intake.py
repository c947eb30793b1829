"""Programmes, companies, calls and applications over HTTP: what is taken, what is refused, and by which rule."""

import asyncio
import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.builders import a_business_number
from tests.databases import until_they_wait
from tests.flows.applications_api import ROUND, Applications
from tests.flows.web import Json
from tests.unit.applications_builders import CLOSES_ON, IN_WINDOW, a_definition, a_proposal, a_top_up

APPLICATION: Json = {
    "round_id": ROUND,
    "track": "JS1",
    "total_krw": 50_000_000,
    "occurred_on": f"{IN_WINDOW}",
}


async def an_open_round(api: Applications) -> None:
    await api.published()
    await api.opened()


async def test_versions_count_up_and_each_is_kept(api: Applications) -> None:
    first = await api.published()
    second = await api.published(a_definition(mentors=30), date(2025, 1, 15))

    shown = await api.get("/programmes/jeonbuk-smart-factory")
    listed = (await api.get("/programmes"))["programmes"]
    assert (first["version"], second["version"]) == (1, 2)
    assert (shown["version"], shown["definition"]["mentors"]) == (2, 30)
    assert [one["programme_id"] for one in listed] == ["jeonbuk-smart-factory"]
    async with api.database.transaction() as session:
        kept = await session.scalars(text("select version from programme_version order by version"))
        assert kept.all() == [1, 2]


async def test_two_new_versions_at_once_follow_each_other(api: Applications) -> None:
    await api.published()

    async with api.database.transaction() as other:
        await other.execute(text("select 1 from programme for update"))
        publishing = [asyncio.create_task(api.published()) for _ in range(2)]
        await until_they_wait(*publishing)
    both = await asyncio.gather(*publishing)

    assert sorted(one["version"] for one in both) == [2, 3]


async def test_two_first_versions_at_once_become_versions_one_and_two(api: Applications) -> None:
    both = await asyncio.gather(api.published(), api.published())

    assert sorted(one["version"] for one in both) == [1, 2]


async def test_a_definition_that_is_wrong_names_its_field(api: Applications) -> None:
    shape = a_definition().model_dump(mode="json") | {"first_year": "언젠가"}

    refused = await api.ask("POST", "/programmes", {"definition": shape})

    assert (refused.status_code, refused.json()["rule"]) == (422, "invalid_input")
    assert refused.json()["errors"][0]["field"] == "definition.first_year"


async def test_a_definition_with_two_faults_names_both_in_each_language(api: Applications) -> None:
    shape = a_definition().model_dump(mode="json")
    wrong = {"last_year": shape["first_year"] - 1, "remainder_to": None}

    refused = await api.ask("POST", "/programmes", {"definition": shape | wrong})

    [error] = refused.json()["errors"]
    for language in ("ko", "en"):
        assert "last_year: " in error[language]
        assert "remainder_to: " in error[language]
    assert not re.search("[가-힣]", error["en"])


async def test_a_draft_stands_in_the_list_until_it_is_published(api: Applications) -> None:
    draft = a_proposal("44130", "44150").model_dump(mode="json", exclude_unset=True)

    answer = await api.post("/programmes/proposals", {"proposal": draft, "occurred_on": "2022-12-12"})

    shown = await api.get("/programmes/chungnam-small-firm")
    assert answer == {"programme_id": "chungnam-small-firm"}
    assert (shown["version"], len(shown["proposal"]["municipalities"])) == (0, 2)
    assert (await api.get("/programmes"))["programmes"][0]["name_ko"] == "충남"


async def test_a_round_has_the_terms_that_held_on_its_day(api: Applications) -> None:
    await api.published()
    await api.published(a_definition(mentors=30), date(2025, 1, 15))

    await api.opened()

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
    api: Applications, status: int, rule: str, changes: Json
) -> None:
    await an_open_round(api)
    call = {
        "round_id": ROUND if rule == "round_known" else "jeonbuk-2024-2",
        "programme_id": "jeonbuk-smart-factory",
        "year": 2024,
        "name_ko": "2차 공고",
        "opens_on": "2024-03-20",
        "closes_on": "2024-04-03",
        "quota": {"JS1": 1},
        "occurred_on": "2024-03-20",
    }

    refused = await api.ask("POST", "/rounds", call | changes)

    assert (refused.status_code, refused.json()["rule"]) == (status, rule)


async def test_the_agencys_agreement_is_kept_with_the_round(api: Applications) -> None:
    await an_open_round(api)

    agreed = await api.post(
        f"/rounds/{ROUND}/agreement", {"agency_ko": "전북테크노파크", "occurred_on": "2024-03-21"}
    )

    assert (agreed["agency_ko"], agreed["agreed_on"]) == ("전북테크노파크", "2024-03-21")


async def test_a_business_number_is_registered_once_and_the_refusal_names_the_company(
    api: Applications,
) -> None:
    number = a_business_number()
    company = {"business_number": number, "name_ko": "기업", "municipality": "52130"}

    answers = await asyncio.gather(*(api.ask("POST", "/companies", company) for _ in range(3)))

    made = [one for one in answers if one.status_code == 201]
    refused = [one for one in answers if one.status_code == 409]
    assert (len(made), len(refused)) == (1, 2)
    assert refused[0].json()["rule"] == "company_known"
    assert made[0].json()["company_id"] in refused[0].json()["detail"]


async def test_a_business_number_whose_check_fails_is_refused_in_korean(api: Applications) -> None:
    company = {"business_number": "123-45-67890", "name_ko": "기업", "municipality": "52130"}

    refused = await api.ask("POST", "/companies", company)

    assert refused.status_code == 422
    assert "검증번호" in refused.json()["errors"][0]["ko"]


async def test_a_company_gets_a_receipt_and_finds_its_case_by_it(api: Applications) -> None:
    await an_open_round(api)
    company = await api.registered()

    receipt = await api.post("/applications", APPLICATION | {"company_id": company}, "company", company)

    shown = await api.get(f"/me/cases/{receipt['receipt_number']}", "company", company)
    assert (shown["case_id"], shown["state"]) == (receipt["case_id"], "submitted")
    assert shown["state_ko"] == "접수: 요건검토를 기다립니다"
    assert (await api.get("/me/cases", "company", company))["cases"] == [shown]


async def test_another_companys_case_is_not_there_for_a_stranger(api: Applications) -> None:
    await an_open_round(api)
    company, stranger = await api.registered(), await api.registered()
    receipt = await api.post("/applications", APPLICATION | {"company_id": company})

    by_number = await api.ask(
        "GET", f"/me/cases/{receipt['receipt_number']}", role="company", subject=stranger
    )
    by_id = await api.ask("GET", f"/cases/{receipt['case_id']}", role="company", subject=stranger)
    gone = await api.ask(
        "POST", f"/cases/{receipt['case_id']}/withdrawal", {"reason": "-"}, "company", stranger
    )
    instead = await api.ask(
        "POST", "/applications", APPLICATION | {"company_id": company}, "company", stranger
    )

    assert [one.status_code for one in (by_number, by_id, gone, instead)] == [404, 403, 403, 403]
    assert (await api.get("/me/cases", "company", stranger))["cases"] == []


async def test_a_mistyped_receipt_number_is_called_mistyped(api: Applications) -> None:
    company = await api.registered()

    refused = await api.ask("GET", "/me/cases/JSF-2024-0001-00", role="company", subject=company)

    assert (refused.status_code, refused.json()["rule"]) == (404, "receipt_number")


async def test_a_company_applies_once_a_round_even_when_it_asks_twice_at_once(api: Applications) -> None:
    await an_open_round(api)
    company = await api.registered()

    answers = await asyncio.gather(
        *(api.ask("POST", "/applications", APPLICATION | {"company_id": company}) for _ in range(4))
    )

    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    made = next(one for one in answers if one.status_code == 201).json()
    assert refused["rule"] == "once_a_round"
    assert made["receipt_number"] in refused["detail"]


async def test_receipts_count_without_gaps_also_past_a_refusal(api: Applications) -> None:
    await an_open_round(api)
    company = await api.registered()
    receipts = [await api.post("/applications", APPLICATION | {"company_id": company})]
    await api.ask("POST", "/applications", APPLICATION | {"company_id": company})
    for _ in range(2):
        receipts.append(await api.post("/applications", APPLICATION | {"company_id": await api.registered()}))

    assert [one["receipt_number"][:13] for one in receipts] == [f"JSF-2024-000{n}" for n in (1, 2, 3)]


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
async def test_an_application_that_breaks_a_rule_leaves_nothing_behind(
    api: Applications, status: int, rule: str, changes: Json
) -> None:
    await an_open_round(api)
    company = await api.registered()

    refused = await api.ask("POST", "/applications", APPLICATION | {"company_id": company} | changes)

    assert (refused.status_code, refused.json()["rule"]) == (status, rule)
    assert (await api.get("/me/cases", "company", company))["cases"] == []


async def test_a_paper_application_is_entered_after_the_closing(api: Applications) -> None:
    await an_open_round(api)
    await api.closed()

    case_id = await api.applied(occurred_on=f"{CLOSES_ON}")

    assert await api.state(case_id) == "submitted"


async def test_nobody_applies_to_a_top_up(api: Applications) -> None:
    await api.published(a_top_up())
    await api.opened(programme_id="gimcheon-smart-factory", quota={})

    refused = await api.ask(
        "POST", "/applications", APPLICATION | {"company_id": await api.registered(), "track": None}
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "entry_top_up")


async def test_the_reviewer_is_whom_the_token_names_and_reviews_once(api: Applications) -> None:
    await an_open_round(api)
    case_id = await api.applied()
    await api.screened(case_id)
    await api.reviewed(case_id, 40)

    scores = {"need": 1, "plan": 1, "effect": 1}
    again = await api.ask("POST", f"/cases/{case_id}/reviews", {"scores": scores}, "reviewer", "reviewer-0")
    officer = await api.ask("POST", f"/cases/{case_id}/reviews", {"scores": scores})

    assert (again.status_code, again.json()["rule"]) == (409, "review_once")
    assert (officer.status_code, officer.json()["rule"]) == (403, "role_needed")


async def test_a_withdrawn_application_is_out_of_the_running(api: Applications) -> None:
    await an_open_round(api)
    stays, goes = await api.ready(10), await api.ready(40)
    await api.post(f"/cases/{goes}/withdrawal", {"reason": "경영 사정", "occurred_on": "2024-05-03"})
    await api.closed()

    counts = await api.decided()

    assert counts == {"selected": 1, "reserved": 0, "rejected": 0}
    assert [await api.state(case) for case in (stays, goes)] == ["selected", "withdrawn"]


async def test_every_command_says_in_korean_and_english_what_it_does(api: Applications) -> None:
    document = (await api.client.get("/openapi.json")).json()

    ours = [
        (path, method, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if path.startswith(("/programmes", "/rounds", "/companies", "/applications", "/cases", "/me"))
    ]
    assert len(ours) == 20
    assert [where for *where, said in ours if " / " not in said["summary"]] == []


async def test_every_command_and_nothing_else_names_the_key_that_it_honours(api: Applications) -> None:
    document = (await api.client.get("/openapi.json")).json()

    found = {
        (method == "get", "Idempotency-Key" in [one["name"] for one in operation.get("parameters", [])])
        for methods in document["paths"].values()
        for method, operation in methods.items()
    }

    assert found == {(True, False), (False, True)}
