"""Promises of every HTTP edge, tested with a small command: transaction, idempotency, identity, problems."""

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
from sqlalchemy import MetaData

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.errors import NotFound, PrerequisiteMissing, RuleBroken
from shared.events.applications import ApplicationsRecordDeadLettered
from shared.messaging.outbox import emit
from shared.observability.health import Health
from shared.service import Service
from shared.values.clock import today
from shared.values.money import Krw
from shared.web.http import OccurredOn, RequestSnapshot, RequestTransaction, Router
from shared.web.identity import LEEWAY_SECONDS, Actor, require_role
from tests.builders import a_selection
from tests.databases import Databases

router = Router(prefix="/things", tags=["things"])


class Order(BaseModel):
    """Body of the command."""

    model_config = ConfigDict(extra="forbid")
    amount_krw: Krw
    occurred_on: OccurredOn = Field(default_factory=today)


@router.post("/{thing_id}", status_code=201)
async def order(
    thing_id: UUID,
    body: Order,
    transaction: RequestTransaction,
    actor: Annotated[Actor, Depends(require_role("officer"))],
) -> dict[str, Any]:
    await emit(transaction, a_selection(thing_id))
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


async def reader(snapshot: RequestSnapshot) -> Transaction:
    """Return the snapshot: a dependency between the endpoint and it."""
    return snapshot


@router.get("")
async def things(snapshot: Annotated[Transaction, Depends(reader)]) -> list[str]:
    """Return the isolation level, and whether the transaction is read-only."""
    statement = "select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as ro"
    [row] = await snapshot.fetch(statement)
    return [row.level, row.ro]


@router.get("/{thing_id}")
async def thing(thing_id: UUID, transaction: RequestTransaction) -> None:
    raise NotFound("no_thing", ko=f"{thing_id}이(가) 없습니다.", en=f"There is no {thing_id}.")


SERVICE = Service(
    name="applications",
    title="probe",
    tables=MetaData(),
    dead_letter_event=ApplicationsRecordDeadLettered,
    routers=[router],
)

Mint = Callable[..., str]


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return KeySet([OKPKey.generate_key("Ed25519", {"kid": "test", "alg": "Ed25519"}, private=True)])


@pytest.fixture(scope="module")
def mint(keys: KeySet) -> Mint:
    def mint(*roles: str, subject: str = "K-0412", key: Any = keys, **changes: Any) -> str:
        claims = {
            "iss": "ieum-demo",
            "aud": "ieum",
            "sub": subject,
            "roles": list(roles),
            "exp": time.time() + 60,
        }
        return jwt.encode({"alg": "Ed25519", "kid": "test"}, claims | changes, key, algorithms=["Ed25519"])

    return mint


@pytest.fixture
def with_keys(settings: Settings, keys: KeySet, tmp_path: Path) -> Settings:
    """Settings that name the keys."""
    (tmp_path / "jwks.json").write_text(json.dumps(keys.as_dict(private=False)))
    return settings.model_copy(update={"jwks_file": tmp_path / "jwks.json"})


@pytest.fixture
async def client(databases: Databases, with_keys: Settings, mint: Mint) -> AsyncIterator[AsyncClient]:
    """An officer's client."""
    health = Health("api")
    health.progress()
    app = SERVICE.app(databases["applications"], with_keys, [health], serves_api=True)
    headers = {"Authorization": f"Bearer {mint('officer')}"}
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def emitted(databases: Databases) -> int:
    """Return the number of events in the log."""
    async with databases["applications"].transaction() as transaction:
        return int(await transaction.value("select count(*) from event_log"))


async def send(client: AsyncClient, key: str | None = None, amount: Any = 5, **body: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"/things/{UUID(int=1)}", json={"amount_krw": amount} | body, headers=headers)


async def test_successful_reply_means_saved(client: AsyncClient, databases: Databases) -> None:
    reply = await send(client)

    assert reply.status_code == 201
    assert await emitted(databases) == 1


async def test_same_key_gets_the_same_response_and_acts_once(
    client: AsyncClient, databases: Databases
) -> None:
    first, second = await send(client, "a key"), await send(client, "a key")

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert await emitted(databases) == 1


async def test_twenty_concurrent_requests_with_one_key_act_once(
    client: AsyncClient, databases: Databases
) -> None:
    replies = await asyncio.gather(*(send(client, "one key") for _ in range(20)))

    assert {reply.text for reply in replies} == {replies[0].text}
    assert await emitted(databases) == 1


async def test_same_key_with_another_body_is_refused(client: AsyncClient, databases: Databases) -> None:
    await send(client, "a key", amount=5)

    reply = await send(client, "a key", amount=6)

    assert (reply.status_code, reply.json()["rule"]) == (422, "idempotency_key_reused")
    assert await emitted(databases) == 1


async def test_keys_of_two_callers_are_independent(
    client: AsyncClient, databases: Databases, mint: Mint
) -> None:
    await send(client, "a key")

    client.headers["Authorization"] = f"Bearer {mint('officer', subject='K-9999')}"
    reply = await send(client, "a key")

    assert reply.json()["by"] == "K-9999"
    assert await emitted(databases) == 2


async def test_refusal_names_the_rule_saves_nothing_and_leaves_the_key_unused(
    client: AsyncClient, databases: Databases
) -> None:
    reply = await send(client, "a key", amount=13)

    assert (reply.status_code, reply.headers["content-type"]) == (409, "application/problem+json")
    assert reply.json()["rule"] == "unlucky"
    assert reply.json()["detail"].endswith("다른 금액을 적으세요.")
    assert reply.json()["correlation_id"] == reply.headers["x-correlation-id"]
    assert await emitted(databases) == 0
    assert (await send(client, "a key", amount=5)).status_code == 201


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
async def test_invalid_input_is_refused_with_the_field_and_the_rule(
    client: AsyncClient, databases: Databases, body: Any, field: str
) -> None:
    reply = await client.post(f"/things/{uuid4()}", json=body)

    assert reply.status_code == 422
    [error] = reply.json()["errors"]
    assert error["field"] == field
    assert error["ko"]
    assert error["en"]
    assert await emitted(databases) == 0


async def test_statements_of_a_snapshot_see_one_moment_and_cannot_write(databases: Databases) -> None:
    database, statement = databases["applications"], "select count(*) as events from event_log"
    async with database.snapshot() as snapshot:
        [before] = await snapshot.fetch(statement)
        async with database.transaction() as transaction:
            await emit(transaction, a_selection(uuid4()))
        [after] = await snapshot.fetch(statement)
        with pytest.raises(ReadOnlySQLTransactionError):
            await snapshot.fetch("delete from event_log")

    assert (before.events, after.events, await emitted(databases)) == (0, 0, 1)


async def test_read_gets_a_snapshot_through_an_indirect_dependency(client: AsyncClient) -> None:
    assert (await client.get("/things")).json() == ["repeatable read", "on"]


async def test_invalid_json_and_too_large_body_are_refused(client: AsyncClient) -> None:
    broken = await client.post(
        f"/things/{uuid4()}", content=b"{", headers={"content-type": "application/json"}
    )
    large = await client.post(f"/things/{uuid4()}", content=b"x" * 1_000_001)

    assert (broken.status_code, broken.json()["rule"]) == (422, "invalid_input")
    assert (large.status_code, large.json()["rule"]) == (413, "body_too_large")


async def test_only_a_missing_prerequisite_suggests_a_retry(client: AsyncClient) -> None:
    early, wrong = await send(client, amount=14), await send(client, amount=13)

    assert (early.status_code, early.headers.get("retry-after")) == (409, "1")
    assert (wrong.status_code, wrong.headers.get("retry-after")) == (409, None)


async def test_future_business_date_is_refused(client: AsyncClient) -> None:
    reply = await send(client, occurred_on="2999-01-01")

    assert (reply.status_code, reply.json()["rule"]) == (409, "future_date")


async def test_caller_without_the_role_is_refused_with_the_roles_that_may(
    client: AsyncClient, mint: Mint
) -> None:
    client.headers["Authorization"] = f"Bearer {mint('reviewer')}"

    reply = await send(client)

    assert (reply.status_code, reply.json()["rule"]) == (403, "role_needed")
    assert "담당자" in reply.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [{"exp": 1}, {"aud": "another"}, {"iss": "another"}, {"sub": None}, {"nbf": 9_999_999_999}],
    ids=["expired", "another audience", "another issuer", "no subject", "not yet valid"],
)
async def test_invalid_token_is_refused(client: AsyncClient, mint: Mint, changes: dict[str, Any]) -> None:
    client.headers["Authorization"] = f"Bearer {mint('officer', **changes)}"

    reply = await send(client)

    assert (reply.status_code, reply.json()["rule"]) == (401, "not_identified")
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_token_with_a_cached_signature_is_refused_once_it_has_expired(
    client: AsyncClient, mint: Mint
) -> None:
    expiring = mint("officer", exp=time.time() - LEEWAY_SECONDS + 0.5)
    client.headers["Authorization"] = f"Bearer {expiring}"

    before = await send(client)
    await asyncio.sleep(2)
    after = await send(client)

    assert (before.status_code, after.status_code) == (201, 401)


async def test_token_signed_by_another_key_or_none_is_refused(client: AsyncClient, mint: Mint) -> None:
    other_key = OKPKey.generate_key("Ed25519", {"kid": "test", "alg": "Ed25519"}, private=True)

    for token in mint("officer", key=other_key), "eyJhbGciOiJub25lIn0.e30.", "no token":
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await send(client)).status_code == 401


async def test_missing_row_and_unknown_address_are_not_found(client: AsyncClient) -> None:
    missing, unknown = await client.get(f"/things/{uuid4()}"), await client.get("/nowhere")

    assert (missing.status_code, missing.json()["rule"]) == (404, "no_thing")
    assert (unknown.status_code, unknown.json()["rule"]) == (404, "http_404")


async def test_event_carries_the_callers_correlation_id(client: AsyncClient, databases: Databases) -> None:
    client.headers["X-Correlation-ID"] = "theirs-1"

    await send(client)

    async with databases["applications"].transaction() as transaction:
        attributes = await transaction.value("select attributes from event_log")
    assert attributes["correlationid"] == "theirs-1"
    assert (attributes["authtype"], attributes["authid"]) == ("user", "K-0412")


async def test_api_is_ready_while_its_database_answers(client: AsyncClient, settings: Settings) -> None:
    assert (await client.get("/readyz")).json()["status"] == "ready"

    unavailable = Database("postgresql://nobody@127.0.0.1:1/none", "applications")
    app = SERVICE.app(unavailable, settings, [], serves_api=True)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as other_client:
        ready, alive = await other_client.get("/readyz"), await other_client.get("/healthz")

    assert (ready.status_code, alive.status_code) == (503, 200)
    assert "database" in ready.json()["problems"]


async def test_command_during_a_database_outage_is_refused_unless_its_caller_may_not_give_it(
    with_keys: Settings, mint: Mint
) -> None:
    unavailable = Database("postgresql://nobody@127.0.0.1:1/none", "applications")
    app = SERVICE.app(unavailable, with_keys, [], serves_api=True)
    transport = ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {mint('officer')}"}
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        reply = await send(client)

        client.headers["Authorization"] = f"Bearer {mint('reviewer')}"
        refused = await send(client)

    assert (reply.status_code, reply.json()["rule"]) == (503, "away")
    assert (refused.status_code, refused.json()["rule"]) == (403, "role_needed")


async def test_metrics_report_the_depth_of_the_outbox(client: AsyncClient) -> None:
    await send(client)

    text = (await client.get("/metrics")).text

    assert 'ieum_outbox_depth{service="applications"} 1.0' in text
    assert 'ieum_request_seconds_count{method="POST"' in text
