"""SMS through a gateway with SOLAPI's API over HTTP, and its delivery reports: early, late, repeated or missing."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.notifications.main import SERVICE
from services.notifications.messages import commands
from services.notifications.messages.domain import State, Transition
from services.notifications.recipients.domain import checked_phone
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.database.engine import Database
from shared.events.applications import CompanyRejected
from tests.builders import A_DAY, PROGRAMME, a_selection
from tests.databases import Databases
from tests.flows.notifications_builders import (
    CaseContact,
    emitted_events,
    enqueue,
    rows,
    running_senders,
    running_sms_gateway,
    save_case,
    states,
    until,
    until_states,
    with_providers,
)
from tools.devstack.inbox.sms import LOST_ANSWER_NUMBER, REFUSED_NUMBER

Gateway = Callable[[], Coroutine[Any, Any, list[dict[str, Any]]]]
Webhook = Callable[[Any], Coroutine[Any, Any, dict[str, int]]]


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["notifications"]


@pytest.fixture
def provided(settings: NotificationsSettings) -> Settings:
    return with_providers(settings, smtp_port=1)


@pytest.fixture
async def gateway(provided: NotificationsSettings, tmp_path: Path) -> AsyncIterator[Gateway]:
    """The messages that the gateway received, newest first."""

    async def received() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=provided.sms_url, trust_env=False) as client:
            return list((await client.get("/api/messages")).json())

    async with running_sms_gateway(provided, tmp_path):
        yield received


@pytest.fixture
async def webhook(database: Database, provided: NotificationsSettings) -> AsyncIterator[Webhook]:
    """Post delivery reports to the service's own API."""
    app = SERVICE.app(database, provided, [], serves_api=True)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as client:

        async def post(reports: Any) -> dict[str, int]:
            reply = await client.post("/receipts/solapi", json=reports)
            assert reply.status_code == 200, reply.text
            return dict(reply.json())

        yield post


def a_delivery_report(row: dict[str, Any], status: str = "4000", **data: Any) -> dict[str, Any]:
    ids = {"messageId": row["provider_reference"] or "M4V", "customFields": {"messageId": str(row["id"])}}
    result = {"statusCode": status, "statusMessage": "말씀", "type": "SMS", "to": "010", "from": "063"}
    return {"eventDataId": uuid4().hex, "retryCount": 0, "data": ids | result | data}


async def a_queued_sms(database: Database, phone: str = "+821012345678") -> CaseContact:
    case = CaseContact(email=None, phone=phone)
    await save_case(database, case)
    await enqueue(database, case, a_selection(case.case_id))
    return case


async def a_sent_sms(database: Database, state: State = State.SENT) -> dict[str, Any]:
    """A message in `state`; the provider's reference of a sent one is M4V1."""
    await a_queued_sms(database)
    async with database.transaction() as transaction:
        [claimed] = await commands.claim(transaction, "sms", 1)
        if state is not State.SENDING:
            await commands.record_outcomes(transaction, {claimed.id: Transition(state, reference="M4V1")})
    [row] = await rows(database)
    return row


async def test_sms_is_signed_measured_and_sent_once(
    database: Database, provided: NotificationsSettings, gateway: Gateway
) -> None:
    await a_queued_sms(database)

    async with running_senders(database, provided):
        await until_states(database, "sent")

    [sms] = await gateway()
    [row] = await rows(database)
    assert (sms["to"], sms["from"], sms["type"]) == ("01012345678", "0632801234", "SMS")
    assert sms["bytes"] <= 90
    assert sms["text"].startswith("[이음] 축하드립니다. 전북 스마트공장 지원 기업으로")
    assert row["provider_reference"] == sms["id"]
    assert await emitted_events(database) == ["sent"]


async def test_what_is_longer_than_an_sms_goes_as_lms_with_a_subject(
    database: Database, provided: NotificationsSettings, gateway: Gateway
) -> None:
    case = CaseContact(email=None)
    await save_case(database, case)
    finding = "기초1 배정 40곳 가운데 47위 – 평균 71.3점 • 기준 미달"
    fields = {"case_id": case.case_id, "programme_id": PROGRAMME, "round_id": "r", "year": 2024}
    rejection = CompanyRejected(**fields, cause="ineligible", findings=[finding], occurred_on=A_DAY)
    await enqueue(database, case, rejection)

    async with running_senders(database, provided):
        await until_states(database, "sent")

    [sms] = await gateway()
    assert (sms["type"], sms["subject"]) == ("LMS", "[이음] 선정 결과 안내")
    assert sms["unencodable"] == ""
    assert "47위 - 평균 71.3점 · 기준 미달" in sms["text"]


async def test_many_sms_are_sent_in_few_requests_and_each_once(
    database: Database, provided: NotificationsSettings, gateway: Gateway
) -> None:
    for _ in range(45):
        await a_queued_sms(database)

    async with running_senders(database, provided, senders=2):
        await until_states(database, *["sent"] * 45)

    ids = [sms["customFields"]["messageId"] for sms in await gateway()]
    assert len(ids) == len(set(ids)) == 45
    assert len({sms["group"] for sms in await gateway()}) < 45


async def test_refused_number_fails_and_the_rest_of_its_batch_is_sent(
    database: Database, provided: NotificationsSettings, gateway: Gateway
) -> None:
    await a_queued_sms(database, checked_phone(REFUSED_NUMBER))
    await a_queued_sms(database)

    async with running_senders(database, provided):
        await until_states(database, "failed", "sent")

    [row, *_] = await rows(database)
    assert (row["problem"], row["provider_code"]) == ("refused", "1020")


async def test_lost_answer_leaves_the_outcome_unknown_and_the_sms_is_not_sent_again(
    database: Database, provided: NotificationsSettings, gateway: Gateway, webhook: Webhook
) -> None:
    await a_queued_sms(database, checked_phone(LOST_ANSWER_NUMBER))

    async with running_senders(database, provided):
        await until_states(database, "unknown")

    assert len(await gateway()) == 1
    [row] = await rows(database)
    assert await webhook([a_delivery_report(row)]) == {"delivered": 1, "failed": 0, "ignored": 0}
    assert await states(database) == ["delivered"]
    assert await emitted_events(database) == ["unknown", "delivered"]


async def test_sms_stays_queued_while_the_gateway_is_unavailable(
    database: Database, provided: NotificationsSettings, tmp_path: Path
) -> None:
    await a_queued_sms(database)

    async with running_senders(database, provided) as [health]:
        await until(lambda: reports_no_connection(health))
        await until_states(database, "queued")
        async with running_sms_gateway(provided, tmp_path):
            await until_states(database, "sent")


async def reports_no_connection(health: Any) -> bool:
    return "sms: 연결하지 못함 / cannot be reached" in (health.problem() or "")


async def test_wrong_api_key_leaves_messages_queued(
    database: Database, provided: NotificationsSettings, gateway: Gateway
) -> None:
    await a_queued_sms(database)
    wrong_key = provided.model_copy(update={"sms_api_key": "another"})

    async with running_senders(database, wrong_key) as [health]:
        await until(lambda: has_reason(database, "HTTP 403"))
        assert "HTTP 403" in (health.problem() or "")

    assert await states(database) == ["queued"]
    assert await gateway() == []


async def has_reason(database: Database, part: str) -> bool:
    return any(part in (row["reason"] or "") for row in await rows(database))


@pytest.mark.parametrize(
    ("status", "state"), [("4000", "delivered"), ("3104", "failed"), ("3000", "sent"), ("2000", "sent")]
)
async def test_final_delivery_report_finishes_a_message(
    database: Database, webhook: Webhook, status: str, state: str
) -> None:
    row = await a_sent_sms(database)

    await webhook([a_delivery_report(row, status)])

    assert await states(database) == [state]
    assert await emitted_events(database) == (["sent"] if state == "sent" else ["sent", state])


async def test_delivery_report_stores_its_reason_and_the_time_of_the_change(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)

    await webhook([a_delivery_report(row, "3104")])

    [changed] = await rows(database)
    reported = {"state", "problem", "provider_code", "reason", "changed_at"}
    unchanged = {name: changed[name] for name in row.keys() - reported}
    assert (changed["problem"], changed["provider_code"]) == ("not_delivered", "3104")
    assert "말씀" in changed["reason"]
    assert changed["changed_at"] > row["changed_at"]
    assert unchanged == {name: row[name] for name in unchanged}


async def test_delivery_report_ends_the_claim_of_a_message_that_is_being_sent(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database, State.SENDING)

    await webhook([a_delivery_report(row)])

    [changed] = await rows(database)
    assert (row["claimed_at"] is None, changed["claimed_at"]) == (False, None)


async def test_repeated_and_contradictory_delivery_reports_are_ignored(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)

    counts = [
        await webhook([a_delivery_report(row)]),
        await webhook([a_delivery_report(row)]),
        await webhook([a_delivery_report(row, "3104")]),
    ]

    assert counts == [
        {"delivered": 1, "failed": 0, "ignored": 0},
        {"delivered": 0, "failed": 0, "ignored": 1},
        {"delivered": 0, "failed": 0, "ignored": 1},
    ]
    assert await emitted_events(database) == ["sent", "delivered"]


async def test_delivery_report_before_the_outcome_is_recorded_emits_both_states(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database, State.SENDING)

    await webhook([a_delivery_report(row, messageId="M4V9")])
    async with database.transaction() as transaction:
        await commands.record_outcomes(transaction, {row["id"]: Transition(State.SENT, reference="M4V9")})

    assert await states(database) == ["delivered"]
    assert await emitted_events(database) == ["sent", "delivered"]
    assert (await rows(database))[0]["provider_reference"] == "M4V9"


async def test_delivery_report_without_our_id_is_matched_by_the_providers_reference(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)

    await webhook([a_delivery_report(row, customFields=None)])

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
async def test_unusable_delivery_report_is_counted_as_ignored(
    database: Database, webhook: Webhook, report: dict[str, Any]
) -> None:
    row = await a_sent_sms(database)

    assert await webhook([report, a_delivery_report(row)]) == {"delivered": 1, "failed": 0, "ignored": 1}


async def test_delivery_report_of_a_queued_message_changes_nothing(
    database: Database, webhook: Webhook
) -> None:
    await a_queued_sms(database)
    [row] = await rows(database)

    await webhook([a_delivery_report(row)])

    assert await states(database) == ["queued"]


async def test_missing_delivery_report_leads_to_unknown_and_a_late_one_is_applied(
    database: Database, webhook: Webhook
) -> None:
    row = await a_sent_sms(database)
    async with database.transaction() as transaction:
        age = timedelta(days=3, seconds=1)
        await transaction.fetch("update message set changed_at = changed_at - $1::interval", age)
        assert await commands.expire_unknown(transaction) == 1
    assert await states(database) == ["unknown"]

    await webhook([a_delivery_report(row)])

    assert await emitted_events(database) == ["sent", "unknown", "delivered"]
