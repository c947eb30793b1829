"""What every HTTP edge promises, tried on a command of two lines."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from asyncpg import ReadOnlySQLTransactionError
from fastapi import Depends
from httpx import ASGITransport, AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import MetaData, text

from shared.config import Settings
from shared.database.engine import Database, Executor, LazyConnection, fetch
from shared.errors import NotFound, PrerequisiteMissing, RuleBroken
from shared.events.applications import ApplicationsRecordDeadLettered
from shared.messaging.outbox import emit
from shared.observability.health import Health
from shared.service import Service
from shared.values.clock import today
from shared.values.money import Krw
from shared.web.http import LazySession, OccurredOn, Router, Session, Snapshot
from shared.web.identity import LEEWAY_SECONDS, Actor, require_role
from tests.builders import a_selection
from tests.databases import Databases

router = Router(prefix="/things", tags=["things"])


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount_krw: Krw
    occurred_on: OccurredOn = Field(default_factory=today)


@router.post("/{thing_id}", status_code=201)
async def order(
    thing_id: UUID, body: Order, session: Session, actor: Annotated[Actor, Depends(require_role("officer"))]
) -> dict[str, Any]:
    return await take(session, thing_id, body, actor)


async def take(session: Executor, thing_id: UUID, body: Order, actor: Actor) -> dict[str, Any]:
    await emit(session, a_selection(thing_id))
    if body.amount_krw == 13:
        raise RuleBroken(
            "unlucky", ko="13원은 받지 않습니다. 다른 금액을 적으세요.", en="Not 13 won. Use another amount."
        )
    if body.amount_krw == 14:
        raise PrerequisiteMissing(
            "too_early",
            ko="아직 모르는 과제입니다. 잠시 뒤 다시 보내세요.",
            en="Not known yet. Try again shortly.",
        )
    return {"number": str(uuid4()), "by": actor.id}


bare = Router(prefix="/bare/things", tags=["things"])


@bare.post("/{thing_id}", status_code=201)
async def order_bare(
    thing_id: UUID,
    body: Order,
    session: LazySession,
    actor: Annotated[Actor, Depends(require_role("officer"))],
) -> dict[str, Any]:
    return await take(session, thing_id, body, actor)


async def moment(session: Snapshot) -> LazyConnection:
    return session


@router.get("")
async def things(at: Annotated[LazyConnection, Depends(moment)]) -> list[str]:
    """At which isolation, and whether read only."""
    asked = "select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as ro"
    [row] = await fetch(at, asked)
    return [row.level, row.ro]


@router.get("/{thing_id}")
async def thing(thing_id: UUID, session: Session) -> None:
    raise NotFound("no_thing", ko=f"{thing_id}이(가) 없습니다.", en=f"There is no {thing_id}.")


SERVICE = Service(
    name="applications",
    title="probe",
    tables=MetaData(),
    dead_letter_event=ApplicationsRecordDeadLettered,
    routers=[router, bare],
)

Mint = Callable[..., str]
both = pytest.mark.parametrize("client", ["", "/bare"], ids=["unit of work", "bare"], indirect=True)


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return KeySet([OKPKey.generate_key("Ed25519", {"kid": "test", "alg": "Ed25519"}, private=True)])


@pytest.fixture(scope="module")
def mint(keys: KeySet) -> Mint:
    def minted(*roles: str, subject: str = "K-0412", key: Any = keys, **changes: Any) -> str:
        claims = {
            "iss": "ieum-demo",
            "aud": "ieum",
            "sub": subject,
            "roles": list(roles),
            "exp": time.time() + 60,
        }
        return jwt.encode({"alg": "Ed25519", "kid": "test"}, claims | changes, key, algorithms=["Ed25519"])

    return minted


@pytest.fixture
def known(settings: Settings, keys: KeySet, tmp_path: Path) -> Settings:
    (tmp_path / "jwks.json").write_text(json.dumps(keys.as_dict(private=False)))
    return settings.model_copy(update={"jwks_file": tmp_path / "jwks.json"})


@pytest.fixture
async def client(
    request: pytest.FixtureRequest, databases: Databases, known: Settings, mint: Mint
) -> AsyncIterator[AsyncClient]:
    """An officer's; of the command in a unit of work, unless a test is asked for both."""
    health = Health("api")
    health.progress()
    app = SERVICE.app(databases["applications"], known, [health], serves_api=True)
    headers = {"Authorization": f"Bearer {mint('officer')}"}
    transport, at = ASGITransport(app, raise_app_exceptions=False), getattr(request, "param", "")
    async with AsyncClient(transport=transport, base_url=f"http://test{at}", headers=headers) as client:
        yield client


async def told(databases: Databases) -> int:
    async with databases["applications"].transaction() as session:
        return int(await session.scalar(text("select count(*) from event_log")) or 0)


async def say(client: AsyncClient, key: str | None = None, amount: Any = 5, **body: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"/things/{UUID(int=1)}", json={"amount_krw": amount} | body, headers=headers)


@both
async def test_a_reply_means_saved(client: AsyncClient, databases: Databases) -> None:
    reply = await say(client)

    assert reply.status_code == 201
    assert await told(databases) == 1


@both
async def test_the_same_key_gets_the_same_answer_and_acts_once(
    client: AsyncClient, databases: Databases
) -> None:
    first, second = await say(client, "a key"), await say(client, "a key")

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert await told(databases) == 1


@both
async def test_twenty_at_once_with_one_key_act_once(client: AsyncClient, databases: Databases) -> None:
    replies = await asyncio.gather(*(say(client, "one key") for _ in range(20)))

    assert {reply.text for reply in replies} == {replies[0].text}
    assert await told(databases) == 1


@both
async def test_the_same_key_with_another_body_is_refused(client: AsyncClient, databases: Databases) -> None:
    await say(client, "a key", amount=5)

    reply = await say(client, "a key", amount=6)

    assert (reply.status_code, reply.json()["rule"]) == (422, "idempotency_key_reused")
    assert await told(databases) == 1


async def test_one_officers_key_is_not_anothers(
    client: AsyncClient, databases: Databases, mint: Mint
) -> None:
    await say(client, "a key")

    client.headers["Authorization"] = f"Bearer {mint('officer', subject='K-9999')}"
    reply = await say(client, "a key")

    assert reply.json()["by"] == "K-9999"
    assert await told(databases) == 2


async def test_a_refusal_names_the_rule_and_saves_nothing_and_its_key_may_be_used_again(
    client: AsyncClient, databases: Databases
) -> None:
    reply = await say(client, "a key", amount=13)

    assert (reply.status_code, reply.headers["content-type"]) == (409, "application/problem+json")
    assert reply.json()["rule"] == "unlucky"
    assert reply.json()["detail"].endswith("다른 금액을 적으세요.")
    assert reply.json()["correlation_id"] == reply.headers["x-correlation-id"]
    assert await told(databases) == 0
    assert (await say(client, "a key", amount=5)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount_krw": -1}, "amount_krw"),
        ({"amount_krw": 1.5}, "amount_krw"),
        ({"amount_krw": "5"}, "amount_krw"),
        ({"amount_krw": 10**17}, "amount_krw"),
        ({}, "amount_krw"),
        ({"amount_krw": 5, "occurred_on": "어제"}, "occurred_on"),
        ({"amount_krw": 5, "colour": "red"}, "colour"),
        ([], "body"),
    ],
)
async def test_bad_input_is_refused_with_the_field_and_the_rule(
    client: AsyncClient, databases: Databases, body: Any, field: str
) -> None:
    reply = await client.post(f"/things/{uuid4()}", json=body)

    assert reply.status_code == 422
    [error] = reply.json()["errors"]
    assert error["field"] == field
    assert error["ko"]
    assert error["en"]
    assert await told(databases) == 0


async def test_what_a_read_is_told_is_of_one_moment_and_it_writes_nothing(databases: Databases) -> None:
    database, counted = databases["applications"], "select count(*) as events from event_log"
    async with database.snapshot() as reader:
        [before] = await reader.fetch(counted)
        async with database.transaction() as session:
            await emit(session, a_selection(uuid4()))
        [after] = await reader.fetch(counted)
        with pytest.raises(ReadOnlySQLTransactionError):
            await reader.fetch("delete from event_log")

    assert (before.events, after.events, await told(databases)) == (0, 0, 1)


async def test_a_read_is_of_one_moment_at_whatever_remove_it_asks_for_it(client: AsyncClient) -> None:
    assert (await client.get("/things")).json() == ["repeatable read", "on"]


async def test_what_is_no_json_and_what_is_too_large_is_refused(client: AsyncClient) -> None:
    broken = await client.post(
        f"/things/{uuid4()}", content=b"{", headers={"content-type": "application/json"}
    )
    large = await client.post(f"/things/{uuid4()}", content=b"x" * 1_000_001)

    assert (broken.status_code, broken.json()["rule"]) == (422, "invalid_input")
    assert (large.status_code, large.json()["rule"]) == (413, "body_too_large")


@both
async def test_only_what_may_still_come_is_worth_asking_again(client: AsyncClient) -> None:
    early, wrong = await say(client, amount=14), await say(client, amount=13)

    assert (early.status_code, early.headers.get("retry-after")) == (409, "1")
    assert (wrong.status_code, wrong.headers.get("retry-after")) == (409, None)


@both
async def test_a_business_date_that_has_not_come_is_refused(client: AsyncClient) -> None:
    reply = await say(client, occurred_on="2999-01-01")

    assert (reply.status_code, reply.json()["rule"]) == (409, "future_date")


@both
async def test_who_may_not_is_told_who_may(client: AsyncClient, mint: Mint) -> None:
    client.headers["Authorization"] = f"Bearer {mint('reviewer')}"

    reply = await say(client)

    assert (reply.status_code, reply.json()["rule"]) == (403, "role_needed")
    assert "담당자" in reply.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [{"exp": 1}, {"aud": "another"}, {"iss": "another"}, {"sub": None}, {"nbf": 9_999_999_999}],
    ids=["expired", "for another", "by another", "nobody", "not yet"],
)
async def test_a_token_that_does_not_hold_is_refused(
    client: AsyncClient, mint: Mint, changes: dict[str, Any]
) -> None:
    client.headers["Authorization"] = f"Bearer {mint('officer', **changes)}"

    reply = await say(client)

    assert (reply.status_code, reply.json()["rule"]) == (401, "not_identified")
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_a_token_whose_signature_was_seen_before_is_refused_once_it_has_expired(
    client: AsyncClient, mint: Mint
) -> None:
    almost = mint("officer", exp=time.time() - LEEWAY_SECONDS + 0.5)
    client.headers["Authorization"] = f"Bearer {almost}"

    before = await say(client)
    await asyncio.sleep(2)
    after = await say(client)

    assert (before.status_code, after.status_code) == (201, 401)


async def test_a_token_of_another_key_or_of_no_key_is_refused(client: AsyncClient, mint: Mint) -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "test", "alg": "Ed25519"}, private=True)

    for token in mint("officer", key=stranger), "eyJhbGciOiJub25lIn0.e30.", "no token":
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await say(client)).status_code == 401


async def test_what_is_not_there_is_said_and_so_is_an_unknown_address(client: AsyncClient) -> None:
    missing, unknown = await client.get(f"/things/{uuid4()}"), await client.get("/nowhere")

    assert (missing.status_code, missing.json()["rule"]) == (404, "no_thing")
    assert (unknown.status_code, unknown.json()["rule"]) == (404, "http_404")


async def test_the_callers_correlation_id_goes_into_the_event(
    client: AsyncClient, databases: Databases
) -> None:
    client.headers["X-Correlation-ID"] = "theirs-1"

    await say(client)

    async with databases["applications"].transaction() as session:
        [attributes] = await session.scalars(text("select attributes from event_log"))
    assert attributes["correlationid"] == "theirs-1"
    assert (attributes["authtype"], attributes["authid"]) == ("user", "K-0412")


async def test_an_api_is_ready_as_long_as_its_database_is(client: AsyncClient, settings: Settings) -> None:
    assert (await client.get("/readyz")).json()["status"] == "ready"

    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", "applications")
    app = SERVICE.app(nowhere, settings, [], serves_api=True)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as away:
        ready, alive = await away.get("/readyz"), await away.get("/healthz")

    assert (ready.status_code, alive.status_code) == (503, 200)
    assert "database" in ready.json()["problems"]


async def test_while_the_database_is_away_a_command_says_that_nothing_was_saved(
    known: Settings, mint: Mint
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", "applications")
    transport = ASGITransport(SERVICE.app(nowhere, known, [], serves_api=True), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {mint('officer')}"}
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        reply = await say(client)

    assert (reply.status_code, reply.json()["rule"]) == (503, "away")


async def test_metrics_tell_what_waits_in_the_outbox(client: AsyncClient) -> None:
    await say(client)

    shown = (await client.get("/metrics")).text

    assert 'ieum_outbox_depth{service="applications"} 1.0' in shown
    assert 'ieum_request_seconds_count{method="POST"' in shown
