"""HTTP of notifications: contacts are kept, shown masked and erased; a case's messages are shown."""

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
from tests.flows.notifications_builders import KnownCase, known, rows, told
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


async def test_a_contact_is_kept_shown_masked_and_erased(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    officer, path = by(state, "officer-1", "officer"), f"/recipients/{COMPANY}"

    kept = await http.put(path, json=CONTACT, headers=officer)
    shown = await http.get(path, headers=officer)
    erased = await http.delete(path, headers=officer)
    gone = await http.get(path, headers=officer)

    assert kept.json() == {"company_id": str(COMPANY), "channels": ["email", "sms"], "language": "ko"}
    assert (shown.json()["email"], shown.json()["phone"]) == ("k***@example.com", "010-****-5678")
    assert erased.json() == {"company_id": str(COMPANY), "erased": True}
    assert (gone.status_code, gone.json()["rule"]) == (404, "recipient_unknown")
    assert await rows(database, "recipient", "company_id") == []


async def test_erasing_twice_is_no_error(http: httpx.AsyncClient, state: State) -> None:
    officer = by(state, "officer-1", "officer")

    again = await http.delete(f"/recipients/{uuid4()}", headers=officer)

    assert (again.status_code, again.json()["erased"]) == (200, False)


async def test_nothing_of_a_contact_stays_under_an_idempotency_key(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    headers = by(state, "officer-1", "officer") | {"Idempotency-Key": "key-1"}

    await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=headers)

    [kept] = await rows(database, "idempotency_key", "key")
    assert b"example.com" not in kept["body"]
    assert b"5678" not in kept["body"]


async def test_a_company_reaches_its_own_contact_only(http: httpx.AsyncClient, state: State) -> None:
    mine, others = by(state, COMPANY, "company"), by(state, uuid4(), "company")

    own = await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=mine)
    refusals = [
        await http.put(f"/recipients/{COMPANY}", json=CONTACT, headers=others),
        await http.get(f"/recipients/{COMPANY}", headers=others),
        await http.delete(f"/recipients/{COMPANY}", headers=others),
    ]

    assert own.status_code == 200
    assert [(one.status_code, one.json()["rule"]) for one in refusals] == [(403, "own_contact_only")] * 3


async def test_an_operator_sees_but_does_not_change(http: httpx.AsyncClient, state: State) -> None:
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
async def test_a_wrong_field_is_named_in_both_languages_and_nothing_is_kept(
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


async def test_a_contact_without_an_address_is_refused_by_its_rule(
    http: httpx.AsyncClient, state: State
) -> None:
    refused = await http.put(
        f"/recipients/{COMPANY}", json={"language": "en"}, headers=by(state, "o", "officer")
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "contact_needed")


async def test_a_cases_messages_are_shown_with_their_words_and_without_an_address(
    http: httpx.AsyncClient, state: State, database: Database
) -> None:
    case = KnownCase()
    await known(database, case)
    await told(database, case, a_selection(case.case_id))

    reply = await http.get(f"/messages?case_id={case.case_id}", headers=by(state, "op", "operator"))

    shown = reply.json()["messages"]
    assert [(one["channel"], one["state"], one["template"]) for one in shown] == [
        ("email", "queued", "selected"),
        ("sms", "queued", "selected"),
    ]
    assert shown[0]["subject_ko"] == "축하드립니다. 전북 스마트공장 지원 기업으로 선정되셨습니다"
    assert "kim@" not in json.dumps(shown)


async def test_messages_are_for_officers_not_for_strangers(http: httpx.AsyncClient, state: State) -> None:
    nobody = await http.get(f"/messages?case_id={uuid4()}")
    company = await http.get(f"/messages?case_id={uuid4()}", headers=by(state, COMPANY, "company"))

    assert (nobody.status_code, company.status_code) == (401, 403)
