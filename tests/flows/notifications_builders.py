"""Builders for tests of notifications: a reachable case, an SMTP server, an SMS gateway and running senders."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from services.notifications.cases import commands as cases
from services.notifications.main import SERVICE
from services.notifications.messages import commands as messages
from services.notifications.recipients import commands as recipients
from services.notifications.recipients.domain import Language
from services.notifications.sender import sender
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.database.engine import Database
from shared.events import Event
from shared.events.applications import ApplicationSubmitted, CompanyRegistered, ProgrammePublished
from shared.events.definition import Definition, MilestoneRule, Track, TrancheRule
from shared.messaging import cloudevents
from shared.observability.health import Health
from shared.service import Context
from shared.values.money import Funder
from tests.builders import A_DAY, PROGRAMME, a_business_number, a_selection
from tools.devstack.inbox.app import application
from tools.devstack.inbox.settings import Settings as InboxSettings
from tools.devstack.ports import free_ports

TIMEOUT = 15.0  # seconds
SMS_SENDER = "0632801234"


# A reachable case.


def a_programme(version: int = 1, name_ko: str = "전북형 스마트 제조혁신") -> ProgrammePublished:
    definition = Definition(
        programme_id=PROGRAMME,
        name_ko=name_ko,
        name_en="Jeonbuk Smart Manufacturing",
        short_ko="전북 스마트공장",
        short_en="Jeonbuk Smart Factory",
        office_ko="전북특별자치도 기업유치지원실",
        office_en="Jeonbuk Office of Business Support",
        region="52",
        first_year=2024,
        last_year=2026,
        entry="application",
        funders={Funder.PROVINCE: 4, Funder.CITY: 4, Funder.SELF: 2},
        remainder_to=Funder.SELF,
        tracks=[Track(id="JS1", name_ko="기초1", name_en="Basic 1")],
        tranches=[TrancheRule(number=1, name_ko="선금", name_en="Advance", part=1, milestone="final")],
        milestones=[MilestoneRule(key="final", name_ko="최종점검", name_en="Final check", completes=True)],
    )
    return ProgrammePublished(
        programme_id=PROGRAMME, version=version, definition=definition, occurred_on=A_DAY
    )


def a_company(company_id: UUID, name_ko: str = "㈜전북정밀") -> CompanyRegistered:
    return CompanyRegistered(
        company_id=company_id,
        business_number=a_business_number(),
        name_ko=name_ko,
        municipality="52130",
        occurred_on=A_DAY,
    )


def a_submission(case_id: UUID, company_id: UUID) -> ApplicationSubmitted:
    return ApplicationSubmitted(
        case_id=case_id,
        programme_id=PROGRAMME,
        round_id="jeonbuk-2024",
        year=2024,
        company_id=company_id,
        municipality="52130",
        receipt_number="JBSF-2024-0017",
        track="JS1",
        total_krw=70_875_000,
        requested_krw={Funder.PROVINCE: 28_350_000, Funder.CITY: 28_350_000, Funder.SELF: 14_175_000},
        occurred_on=A_DAY,
    )


@dataclass(frozen=True)
class CaseContact:
    """A case, its company, and the company's contact."""

    case_id: UUID = field(default_factory=uuid4)
    company_id: UUID = field(default_factory=uuid4)
    email: str | None = "kim@example.com"
    phone: str | None = "+821012345678"
    language: Language = Language.KO


async def save_case(database: Database, case: CaseContact) -> None:
    """Save the case's names and its company's contact; no message is queued yet."""
    async with database.transaction() as transaction:
        await cases.save_programme_names(transaction, a_programme())
        await cases.save_company_name(transaction, a_company(case.company_id))
        await cases.save_case(transaction, a_submission(case.case_id, case.company_id))
        if case.email or case.phone:
            await recipients.save(transaction, case.company_id, case.email, case.phone, case.language)


def an_envelope(event: Event, age: timedelta = timedelta()) -> cloudevents.Envelope:
    recorded_at = (datetime.now(UTC) - age).isoformat()
    return cloudevents.Envelope.model_validate(cloudevents.new_attributes(event) | {"time": recorded_at})


async def enqueue(database: Database, case: CaseContact, *events: Event) -> None:
    """Queue the messages of the events."""
    async with database.transaction() as transaction:
        for event in events:
            await messages.enqueue(transaction, event, an_envelope(event))


def an_email_only_case(email: str = "kim@example.com") -> CaseContact:
    return CaseContact(email=email, phone=None)


async def a_queued_email(database: Database, email: str = "kim@example.com") -> CaseContact:
    case = an_email_only_case(email)
    await save_case(database, case)
    await enqueue(database, case, a_selection(case.case_id))
    return case


# Providers.


@dataclass
class MailServer:
    """A real SMTP server; a test may choose its answers to RCPT and DATA. `mails`: every mail that was sent to it."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    rcpt: Callable[[str], str] = lambda address: "250 OK"
    data: Callable[[], Awaitable[str]] | None = None
    hangs_up: bool = False
    connections: int = 0

    async def handle_RCPT(  # noqa: N802  SMTP's word
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  SMTP's word
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=default))
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return await self.data() if self.data else "250 2.0.0 queued"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["MailServer"]:
        def new_connection() -> SMTP:
            self.connections += 1
            return SMTP(self, loop=asyncio.get_running_loop(), enable_SMTPUTF8=False)

        server = await asyncio.get_running_loop().create_server(new_connection, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]


def a_mail_server() -> MailServer:
    return MailServer(free_ports(1)[0])


@asynccontextmanager
async def running_sms_gateway(settings: NotificationsSettings, folder: Path) -> AsyncIterator[None]:
    """Serve the demo's SMS gateway (SOLAPI's API) over HTTP; it lists received messages at /api/messages."""
    host, port = settings.sms_url.removeprefix("http://").split(":")
    inbox = InboxSettings(
        inbox_port=int(port),
        inbox_smtp_port=free_ports(1)[0],
        inbox_folder=folder,
        sms_api_key=settings.sms_api_key,
        sms_api_secret=settings.sms_api_secret,
        sms_sender=SMS_SENDER,
    )
    async with serve(application(inbox), host, int(port)):
        yield


@asynccontextmanager
async def serve(app: Any, host: str, port: int) -> AsyncIterator[None]:
    server = EmbeddedServer(uvicorn.Config(app, host=host, port=port, log_config=None))
    running = asyncio.create_task(server.serve())
    await until(lambda: as_coroutine(server.started))
    try:
        yield
    finally:
        server.should_exit = True
        await running


class EmbeddedServer(uvicorn.Server):
    """A uvicorn server that installs no signal handlers: Ctrl-C stays with the test run."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


# The sender.


def with_providers(settings: Settings, smtp_port: int) -> NotificationsSettings:
    """Return the settings with providers on this machine."""
    return NotificationsSettings(
        **settings.model_dump()
        | {
            "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
            "sms_url": f"http://127.0.0.1:{free_ports(1)[0]}",
            "sms_api_key": "key",
            "sms_api_secret": SecretStr("secret"),
            "sms_sender": SMS_SENDER,
        }
    )


@asynccontextmanager
async def running_senders(
    database: Database, settings: NotificationsSettings, senders: int = 1
) -> AsyncIterator[list[Health]]:
    """Run the role `sender` so many times; an error of any of them fails the test."""
    healths = [Health("sender") for _ in range(senders)]
    tasks = [asyncio.create_task(sender(Context(SERVICE, database, settings, health))) for health in healths]
    try:
        yield healths
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(outcome, asyncio.CancelledError) and isinstance(outcome, BaseException):
                raise outcome


async def rows(database: Database, table: str = "message", order: str = "position") -> list[dict[str, Any]]:
    async with database.transaction() as transaction:
        return [dict(row) for row in await transaction.fetch(f'select * from "{table}" order by {order}')]


async def states(database: Database) -> list[str]:
    """States of all messages, in the order of their creation."""
    return [row["state"] for row in await rows(database)]


async def emitted_events(database: Database) -> list[str]:
    """Short names of the emitted message events, in order."""
    logged = await rows(database, "event_log")
    return [row["type"].removeprefix("kr.ieum.message.").partition(".")[0] for row in logged]


async def as_coroutine(condition: bool) -> bool:
    return condition


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not await condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.02)


async def until_states(database: Database, *expected: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while (now := await states(database)) != list(expected):
        assert time.monotonic() < deadline, f"still {now}"
        await asyncio.sleep(0.02)
