"""SMS through a gateway of SOLAPI's shape over real HTTP, and its receipts: early, late, twice, never."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.notifications.main import SERVICE
from services.notifications.messages import commands
from services.notifications.messages.domain import Move, State
from services.notifications.recipients.domain import checked_phone
from shared.config import Settings
from shared.database.engine import Database, fetch
from shared.events.applications import CompanyRejected
from tests.builders import A_DAY, PROGRAMME, a_selection
from tests.databases import Databases
from tests.flows.notifications_builders import (
    KnownCase,
    known,
    published,
    rows,
    sending,
    sms_gateway,
    states,
    told,
    until,
    until_states,
    with_providers,
)
from tools.devstack.inbox.sms import ANSWER_LOST, REFUSED

Gateway = Callable[[], Coroutine[Any, Any, list[dict[str, Any]]]]
Webhook = Callable[[Any], Coroutine[Any, Any, dict[str, int]]]


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["notifications"]


@pytest.fixture
def provided(settings: Settings) -> Settings:
    return with_providers(settings, smtp_port=1)


@pytest.fixture
async def gateway(provided: Settings, tmp_path: Path) -> AsyncIterator[Gateway]:
    """What the gateway has kept, newest first."""

    async def kept() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=provided.sms_url, trust_env=False) as client:
            return list((await client.get("/api/messages")).json())

    async with sms_gateway(provided, tmp_path):
        yield kept


@pytest.fixture
async def webhook(database: Database, provided: Settings) -> AsyncIterator[Webhook]:
    """Posts receipts to the service's own API."""
    app = SERVICE.app(database, provided, [], serves_api=True)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as client:

        async def post(reports: Any) -> dict[str, int]:
            reply = await client.post("/receipts/solapi", json=reports)
            assert reply.status_code == 200, reply.text
            return dict(reply.json())

        yield post


def a_report(row: dict[str, Any], status: str = "4000", **data: Any) -> dict[str, Any]:
    known_as = {
        "messageId": row["provider_reference"] or "M4V",
        "customFields": {"messageId": str(row["id"])},
    }
    said = {"statusCode": status, "statusMessage": "말씀", "type": "SMS", "to": "010", "from": "063"}
    return {"eventDataId": uuid4().hex, "retryCount": 0, "data": known_as | said | data}


async def a_waiting_sms(database: Database, phone: str = "+821012345678") -> KnownCase:
    case = KnownCase(email=None, phone=phone)
    await known(database, case)
    await told(database, case, a_selection(case.case_id))
    return case


async def a_sent_sms(database: Database, state: State = State.SENT) -> dict[str, Any]:
    """Handed over: the provider knows it as M4V1."""
    await a_waiting_sms(database)
    async with database.transaction() as session:
        [claimed] = await commands.claim(session, "sms", 1)
        if state is not State.SENDING:
            await commands.settle(session, {claimed.id: Move(state, reference="M4V1")})
    [row] = await rows(database)
    return row


async def test_an_sms_is_signed_measured_and_sent_once(
    database: Database, provided: Settings, gateway: Gateway
) -> None:
    await a_waiting_sms(database)

    async with sending(database, provided):
        await until_states(database, "sent")

    [kept] = await gateway()
    [row] = await rows(database)
    assert (kept["to"], kept["from"], kept["type"]) == ("01012345678", "0632801234", "SMS")
    assert kept["bytes"] <= 90
    assert kept["text"].startswith("[이음] 축하드립니다. 전북 스마트공장 지원 기업으로")
    assert row["provider_reference"] == kept["id"]
    assert await published(database) == ["sent"]


async def test_what_is_longer_than_an_sms_goes_as_lms_with_a_subject(
    database: Database, provided: Settings, gateway: Gateway
) -> None:
    case = KnownCase(email=None)
    await known(database, case)
    reason = "기초1 배정 40곳 가운데 47위 – 평균 71.3점 • 기준 미달"
    fields = {"case_id": case.case_id, "programme_id": PROGRAMME, "round_id": "r", "year": 2024}
    await told(database, case, CompanyRejected(**fields, reason=reason, occurred_on=A_DAY))

    async with sending(database, provided):
        await until_states(database, "sent")

    [kept] = await gateway()
    assert (kept["type"], kept["subject"]) == ("LMS", "[이음] 선정 결과 안내")
    assert kept["unencodable"] == ""
    assert "47위 - 평균 71.3점 · 기준 미달" in kept["text"]


async def test_many_go_in_few_requests_and_each_once(
    database: Database, provided: Settings, gateway: Gateway
) -> None:
    for _ in range(45):
        await a_waiting_sms(database)

    async with sending(database, provided, senders=2):
        await until_states(database, *["sent"] * 45)

    ours = [kept["customFields"]["messageId"] for kept in await gateway()]
    assert len(ours) == len(set(ours)) == 45
    assert len({kept["group"] for kept in await gateway()}) < 45


async def test_one_refused_number_fails_and_the_others_of_its_batch_go_out(
    database: Database, provided: Settings, gateway: Gateway
) -> None:
    await a_waiting_sms(database, checked_phone(REFUSED))
    await a_waiting_sms(database)

    async with sending(database, provided):
        await until_states(database, "failed", "sent")

    assert "1020" in (await rows(database))[0]["reason"]


async def test_an_answer_that_is_lost_leaves_it_unknown_and_it_is_not_sent_again(
    database: Database, provided: Settings, gateway: Gateway, webhook: Webhook
) -> None:
    await a_waiting_sms(database, checked_phone(ANSWER_LOST))

    async with sending(database, provided):
        await until_states(database, "unknown")

    assert len(await gateway()) == 1
    [row] = await rows(database)
    assert await webhook([a_report(row)]) == {"delivered": 1, "failed": 0, "ignored": 0}
    assert await states(database) == ["delivered"]
    assert await published(database) == ["unknown", "delivered"]


async def test_a_gateway_that_is_not_there_is_waited_for(
    database: Database, provided: Settings, tmp_path: Path
) -> None:
    await a_waiting_sms(database)

    async with sending(database, provided) as [health]:
        await until(lambda: in_trouble(health))
        await until_states(database, "queued")
        async with sms_gateway(provided, tmp_path):
            await until_states(database, "sent")


async def in_trouble(health: Any) -> bool:
    return "sms: 문자 중계사에 연결하지 못했습니다" in (health.problem() or "")


async def test_a_wrong_key_keeps_messages_waiting_instead_of_failing_them(
    database: Database, provided: Settings, gateway: Gateway
) -> None:
    await a_waiting_sms(database)
    wrong = provided.model_copy(update={"sms_api_key": "another"})

    async with sending(database, wrong) as [health]:
        await until(lambda: has_reason(database, "HTTP 403"))
        assert "HTTP 403" in (health.problem() or "")

    assert await states(database) == ["queued"]
    assert await gateway() == []


async def has_reason(database: Database, part: str) -> bool:
    return any(part in (row["reason"] or "") for row in await rows(database))


@pytest.mark.parametrize(
    ("status", "state"), [("4000", "delivered"), ("3104", "failed"), ("3000", "sent"), ("2000", "sent")]
)
async def test_a_receipt_ends_a_message_unless_it_is_still_on_its_way(
    database: Database, webhook: Webhook, status: str, state: str
) -> None:
    row = await a_sent_sms(database)

    await webhook([a_report(row, status)])

    assert await states(database) == [state]
    assert await published(database) == (["sent"] if state == "sent" else ["sent", state])


async def test_a_receipt_that_comes_twice_counts_once_and_a_contradiction_not_at_all(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)

    counts = [
        await webhook([a_report(row)]),
        await webhook([a_report(row)]),
        await webhook([a_report(row, "3104")]),
    ]

    assert counts == [
        {"delivered": 1, "failed": 0, "ignored": 0},
        {"delivered": 0, "failed": 0, "ignored": 1},
        {"delivered": 0, "failed": 0, "ignored": 1},
    ]
    assert await published(database) == ["sent", "delivered"]


async def test_a_receipt_faster_than_our_own_note_tells_both_states_and_the_note_changes_nothing(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database, State.SENDING)

    await webhook([a_report(row, messageId="M4V9")])
    async with database.transaction() as session:
        await commands.settle(session, {row["id"]: Move(State.SENT, reference="M4V9")})

    assert await states(database) == ["delivered"]
    assert await published(database) == ["sent", "delivered"]
    assert (await rows(database))[0]["provider_reference"] == "M4V9"


async def test_a_receipt_without_our_own_id_is_found_by_the_providers(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)

    await webhook([a_report(row, customFields=None)])

    assert await states(database) == ["delivered"]


@pytest.mark.parametrize(
    "report",
    [
        {"data": {"messageId": "M4V-nobody", "statusCode": "4000"}},
        {"data": {"messageId": "", "statusCode": "4000"}},
        {"data": {"customFields": {"messageId": "not-a-uuid"}, "statusCode": "4000"}},
        {"data": "nonsense"},
        {},
    ],
)
async def test_a_receipt_of_nothing_we_know_is_counted_and_answered_well(
    database: Database, webhook: Webhook, report: dict[str, Any]
) -> None:
    row = await a_sent_sms(database)

    assert await webhook([report, a_report(row)]) == {"delivered": 1, "failed": 0, "ignored": 1}


async def test_no_receipt_touches_a_message_that_nobody_handed_over(
    database: Database, webhook: Webhook
) -> None:
    await a_waiting_sms(database)
    [row] = await rows(database)

    await webhook([a_report(row)])

    assert await states(database) == ["queued"]


async def test_three_days_without_a_receipt_make_it_unknown_and_a_late_one_still_counts(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)
    async with database.transaction() as session:
        age = timedelta(days=3, seconds=1)
        await fetch(session, "update message set changed_at = changed_at - $1::interval", age)
        assert await commands.give_up_lost(session) == 1
    assert await states(database) == ["unknown"]

    await webhook([a_report(row)])

    assert await published(database) == ["sent", "unknown", "delivered"]
