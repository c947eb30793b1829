"""The inboxes: real SMTP, SOLAPI's wire format, delivery reports, and pages that show received text safely."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import anyio
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.devstack.inbox import app, delivery_reports, sms
from tools.devstack.inbox.settings import Settings
from tools.devstack.ports import free_ports

KEY, SECRET, SENDER = "KEY", "secret", "0541234567"
TIMEOUT = 20.0  # seconds


def settings(folder: Path, **overrides: Any) -> Settings:
    defaults = {"inbox_folder": folder, "inbox_smtp_port": free_ports(1)[0], "sms_receipt_delay": 0.0}
    keys = {"sms_api_key": KEY, "sms_api_secret": SECRET, "sms_sender": SENDER}
    return Settings(**{**defaults, **keys, **overrides})


@asynccontextmanager
async def inbox(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the inboxes in this process, with SMTP on a real port; yields an HTTP client."""
    application = app.application(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as client:
            yield client


def signed(secret: str = SECRET, date: datetime | None = None) -> dict[str, str]:
    time, salt = (date or datetime.now(UTC)).isoformat(), "a-salt"
    signature = hmac.digest(secret.encode(), (time + salt).encode(), "sha256").hex()
    return {"Authorization": f"HMAC-SHA256 ApiKey={KEY}, Date={time}, salt={salt}, signature={signature}"}


def a_message(**fields: str) -> dict[str, str]:
    return {"to": "01012345678", "from": SENDER, "text": "[이음] 협약이 체결되었습니다.", **fields}


async def send(client: httpx.AsyncClient, *messages: dict[str, str], **headers: str) -> httpx.Response:
    body = {"messages": list(messages), "showMessageList": True}
    return await client.post("/messages/v4/send-many/detail", json=body, headers=headers or signed())


def a_mail(**parts: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ieum@example.go.kr", "ceo@example.com", "접수되었습니다"
    mail.set_content(parts.get("text", "접수번호 JBSF-2024-0017"))
    mail.add_alternative(parts.get("html", "<p>접수번호</p>"), subtype="html")
    return mail


async def test_mail_is_stored_with_its_parts_and_survives_a_restart(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)

    async with inbox(first):
        await aiosmtplib.send(a_mail(), hostname="127.0.0.1", port=first.inbox_smtp_port)
    async with inbox(second) as client:
        [mail] = (await client.get("/api/mails")).json()

    assert (mail["subject"], mail["to"]) == ("접수되었습니다", ["ceo@example.com"])
    assert mail["text"].strip() == "접수번호 JBSF-2024-0017"
    assert mail["html"].strip() == "<p>접수번호</p>"


async def test_mail_text_is_escaped_and_its_html_is_sandboxed(tmp_path: Path) -> None:
    own_settings = settings(tmp_path)
    attack = "<script>alert(1)</script>"

    async with inbox(own_settings) as client:
        mail = a_mail(text=attack, html=attack)
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=own_settings.inbox_smtp_port)
        identity = (await client.get("/api/mails")).json()[0]["id"]
        page, body = await client.get(f"/mails/{identity}"), await client.get(f"/mails/{identity}/html")

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert '<iframe sandbox=""' in page.text
    assert body.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_signed_request_is_answered_in_solapis_format(tmp_path: Path) -> None:
    async with inbox(settings(tmp_path)) as client:
        answer = (await send(client, a_message(), a_message(to="01087654321", text="가" * 46))).json()
        [long, short] = (await client.get("/api/messages")).json()

    assert answer["groupInfo"]["count"]["registeredSuccess"] == 2
    assert [result["statusCode"] for result in answer["messageList"]] == ["2000", "2000"]
    assert (short["type"], short["bytes"], long["type"], long["bytes"]) == ("SMS", 29, "LMS", 92)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer x"}, 401, "InvalidAuthorization"),
        (signed(secret="another"), 403, "SignatureDoesNotMatch"),
        (signed(date=datetime.now(UTC) - timedelta(hours=1)), 403, "RequestTimeTooSkewed"),
    ],
)
async def test_request_with_wrong_authorization_is_rejected(
    tmp_path: Path, headers: dict[str, str], status: int, code: str
) -> None:
    async with inbox(settings(tmp_path)) as client:
        answer = await send(client, a_message(), **headers)
        stored = (await client.get("/api/messages")).json()

    assert (answer.status_code, answer.json()["errorCode"], stored) == (status, code, [])


async def test_invalid_messages_fail_individually(tmp_path: Path) -> None:
    invalid = [
        a_message(**{"from": "0299998888"}),
        a_message(to=sms.REFUSED_NUMBER),
        a_message(type="SMS", text="가" * 46),
        a_message(subject="가" * 21),
    ]
    async with inbox(settings(tmp_path)) as client:
        answer = (await send(client, *invalid, a_message())).json()

    codes = [result["statusCode"] for result in answer["failedMessageList"]]
    assert codes == [sms.UNREGISTERED_SENDER, sms.WRONG_RECIPIENT, sms.TOO_LONG, sms.TOO_LONG]
    assert len(answer["messageList"]) == 1


async def test_lost_answer_leaves_an_accepted_message(tmp_path: Path) -> None:
    async with inbox(settings(tmp_path)) as client:
        answer = await send(client, a_message(to=sms.LOST_ANSWER_NUMBER))
        [stored] = (await client.get("/api/messages")).json()

    assert (answer.status_code, stored["to"]) == (500, sms.LOST_ANSWER_NUMBER)


async def test_delivery_reports_are_sent_as_an_array_and_retried_until_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_reports, "BACKOFF", 0.05)
    posted: list[Any] = []

    async def webhook(request: Request) -> Response:
        posted.append(await request.json())
        return Response(status_code=200 if len(posted) > 1 else 503)

    async with served(webhook) as url, inbox(settings(tmp_path, sms_receipt_url=url)) as client:
        await send(
            client, a_message(), a_message(to=sms.UNDELIVERABLE_NUMBER), a_message(to=sms.SILENT_NUMBER)
        )
        messages = await messages_in_states(client, {"delivered", "failed"})

    assert {message["to"]: message["state"] for message in messages} == {
        "01012345678": "delivered",
        sms.UNDELIVERABLE_NUMBER: "failed",
        sms.SILENT_NUMBER: "accepted",
    }
    assert [report["retryCount"] for report in posted[1]] == [1, 1]
    assert {report["data"]["statusCode"] for report in posted[1]} == {sms.DELIVERED, sms.NOT_DELIVERED}


async def test_delivery_report_is_abandoned_after_five_failed_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_reports, "BACKOFF", 0.01)
    closed_port = f"http://127.0.0.1:{free_ports(1)[0]}"

    async with inbox(settings(tmp_path, sms_receipt_url=closed_port)) as client:
        await send(client, a_message())
        [message] = await messages_in_states(client, {"receipt_refused"})

    assert message["receipt_attempts"] == delivery_reports.MAX_ATTEMPTS


async def messages_in_states(client: httpx.AsyncClient, states: set[str]) -> list[dict[str, Any]]:
    """Return the messages as soon as each of these states occurs."""
    with anyio.fail_after(TIMEOUT):
        while True:
            messages: list[dict[str, Any]] = (await client.get("/api/messages")).json()
            if states <= {message["state"] for message in messages}:
                return messages
            await anyio.sleep(0.02)


@asynccontextmanager
async def served(webhook: Any) -> AsyncIterator[str]:
    """Serve a webhook on a real port; yields its address."""
    port = free_ports(1)[0]
    config = uvicorn.Config(
        Starlette(routes=[Route("/", webhook, methods=["POST"])]), port=port, log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    with anyio.fail_after(TIMEOUT):
        while not server.started:  # noqa: ASYNC110  uvicorn sets a flag
            await anyio.sleep(0.01)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    await serving
