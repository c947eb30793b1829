"""HTTP of notifications: contacts are saved, shown masked and erased; a case's messages are listed."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.notifications.main import SERVICE
from shared.config import Settings
from shared.database.engine import Database
from tests.builders import a_selection
from tests.databases import Databases
from tests.flows.notifications_builders import CaseContact, enqueue, rows, save_case
from tools.devstack.state import State
from tools.devstack.tokens import jwks_file, mint

COMPANY = uuid4()
CONTACT = {"email": "kim@example.com", "phone": "010-1234-5678", "language": "ko"}


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["notifications"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


@pytest.fixture
async def http(database: Database, settings: Settings, state: State) -> AsyncIterator[httpx.AsyncClient]:
    keyed = settings.model_copy(update={"jwks_file": jwks_file(state)})
    transport = httpx.ASGITransport(SERVICE.app(database, keyed, [], serves_api=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as client:
        yield client


def by(state: State, subject: object, *roles: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(state, str(subject), roles)}"}


async def test_contact_is_saved_shown_masked_and_erased(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    officer, path = by(state, "officer-1", "officer"), f"/recipients/{COMPANY}"

    saved = await http.put(path, json=CONTACT, headers=officer)
    shown = await http.get(path, headers=officer)
    erased = await http.delete(path, headers=officer)
    missing = await http.get(path, headers=officer)

    assert saved.json() == {"company_id": str(COMPANY), "channels": ["email", "sms"], "language": "ko"}
    assert (shown.json()["email"], shown.json()["phone"]) == ("k***@example.com", "010-****-5678")
    assert erased.json() == {"company_id": str(COMPANY), "erased": True}
    assert (missing.status_code, missing.json()["rule"]) == (404, "recipient_unknown")
    assert await rows(database, "recipient", "company_id") == []


async def test_saved_contact_replaces_the_one_before_with_all_its_fields(
    http: httpx.AsyncClient, state: State
) -> None:
    officer, path = by(state, "officer-1", "officer"), f"/recipients/{COMPANY}"
    await http.put(path, json=CONTACT, headers=officer)
    before = (await http.get(path, headers=officer)).json()

    await http.put(path, json={"phone": "010-9876-5432", "language": "en"}, headers=officer)

    after = (await http.get(path, headers=officer)).json()
    assert (after["email"], after["phone"], after["language"]) == (None, "010-****-5432", "en")
    assert after["changed_at"] > before["changed_at"]


async def test_erasing_a_missing_contact_is_no_error(http: httpx.AsyncClient, state: State) -> None:
    officer = by(state, "officer-1", "officer")

    reply = await http.delete(f"/recipients/{uuid4()}", headers=officer)

    assert (reply.status_code, reply.json()["erased"]) == (200, False)


async def test_response_stored_under_an_idempotency_key_holds_no_contact(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    headers = by(state, "officer-1", "officer") | {"Idempotency-Key": "key-1"}

    await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=headers)

    [stored] = await rows(database, "idempotency_key", "key")
    assert b"example.com" not in stored["body"]
    assert b"5678" not in stored["body"]


async def test_company_may_access_its_own_contact_only(http: httpx.AsyncClient, state: State) -> None:
    own, other = by(state, COMPANY, "company"), by(state, uuid4(), "company")

    saved = await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=own)
    refusals = [
        await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=other),
        await http.get(f"/recipients/{COMPANY}", headers=other),
        await http.delete(f"/recipients/{COMPANY}", headers=other),
    ]

    assert saved.status_code == 200
    assert [(reply.status_code, reply.json()["rule"]) for reply in refusals] == [
        (403, "own_contact_only")
    ] * 3


async def test_operator_may_not_change_a_contact(http: httpx.AsyncClient, state: State) -> None:
    refused = await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=by(state, "op", "operator"))

    assert (refused.status_code, refused.json()["rule"]) == (403, "role_needed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "kim"}, "email"),
        ({"phone": "02-123-4567"}, "phone"),
        ({"email": "kim@example.com", "language": "jp"}, "language"),
        ({"email": "kim@example.com", "name": "김"}, "name"),
    ],
)
async def test_invalid_field_is_named_in_both_languages_and_nothing_is_saved(
    http: httpx.AsyncClient, state: State, database: Database, body: dict[str, str], field: str
) -> None:
    refused = await http.put(f"/recipients/{COMPANY}", json=body, headers=by(state, "o", "officer"))

    [error] = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, field)
    assert re.search("[가-힣]", error["ko"])
    assert error["en"]
    assert not re.search("[가-힣]", error["en"])
    assert ".." not in refused.json()["detail"]
    assert await rows(database, "recipient", "company_id") == []


async def test_contact_without_an_address_is_refused(http: httpx.AsyncClient, state: State) -> None:
    refused = await http.put(
        f"/recipients/{COMPANY}", json={"language": "en"}, headers=by(state, "o", "officer")
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "contact_needed")


async def test_messages_of_a_case_are_listed_with_subjects_and_without_an_address(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    case = CaseContact()
    await save_case(database, case)
    await enqueue(database, case, a_selection(case.case_id))

    reply = await http.get(f"/messages?case_id={case.case_id}", headers=by(state, "op", "operator"))

    shown = reply.json()["messages"]
    assert [(message["channel"], message["state"], message["template"]) for message in shown] == [
        ("email", "queued", "selected"),
        ("sms", "queued", "selected"),
    ]
    assert shown[0]["subject_ko"] == "축하드립니다. 전북 스마트공장 지원 기업으로 선정되셨습니다"
    assert "kim@" not in json.dumps(shown)


async def test_messages_are_refused_to_anonymous_callers_and_companies(
    http: httpx.AsyncClient, state: State
) -> None:
    anonymous = await http.get(f"/messages?case_id={uuid4()}")
    company = await http.get(f"/messages?case_id={uuid4()}", headers=by(state, COMPANY, "company"))

    assert (anonymous.status_code, company.status_code) == (401, 403)
