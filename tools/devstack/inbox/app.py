"""Both inboxes as one application: SMTP beside HTTP in one event loop."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tools.devstack.inbox import mails, pages, sms
from tools.devstack.inbox.delivery_reports import DeliveryReports
from tools.devstack.inbox.journal import Journal
from tools.devstack.inbox.settings import Settings


def application(settings: Settings) -> Starlette:
    """Return the application; its lifespan runs the SMTP server and sends the delivery reports."""
    mail_journal = Journal(settings.inbox_folder / "mails.jsonl")
    sms_journal = Journal(settings.inbox_folder / "sms.jsonl")
    reports = DeliveryReports(settings, sms_journal)
    reports.schedule(sms.awaiting_delivery_report(sms_journal.records.values()))

    async def send_many(request: Request) -> Response:
        try:
            sms.authorise(request.headers.get("authorization", ""), settings, datetime.now(UTC))
            answer, accepted = sms.accept(_json(await request.body()), settings, sms_journal)
        except sms.RequestRejected as rejection:
            return _error(rejection.status, rejection.code, rejection.text)
        reports.schedule(sms.awaiting_delivery_report(accepted))
        if any(record["to"] == sms.LOST_ANSWER_NUMBER for record in accepted):
            return _error(500, "InternalError", "접수한 뒤 응답이 유실됨 / accepted, but the answer is lost.")
        return JSONResponse(answer)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        host, port = settings.inbox_host, settings.inbox_smtp_port
        server = await loop.create_server(lambda: mails.protocol(mail_journal), host, port)
        sending = asyncio.create_task(reports.run())
        async with server:
            yield
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending

    gateway = Route("/messages/v4/send-many/detail", send_many, methods=["POST"])
    health = [Route(path, _healthy) for path in ("/healthz", "/readyz")]
    return Starlette(routes=[*pages.routes(mail_journal, sms_journal), gateway, *health], lifespan=lifespan)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as failure:
        raise sms.RequestRejected(
            400, "ValidationError", "JSON이 아닙니다 / the body is not JSON."
        ) from failure


def _error(status: int, code: str, text: str) -> Response:
    return JSONResponse({"errorCode": code, "errorMessage": text}, status_code=status)


async def _healthy(request: Request) -> Response:
    return PlainTextResponse("ok")
