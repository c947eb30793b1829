"""What the tests of notifications share: a known case, a real SMTP server, a real SMS gateway, a running sender."""

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

PATIENCE = 15.0  # seconds
SMS_SENDER = "0632801234"


# A known case.


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
class KnownCase:
    """A case, its company, and where that company can be reached."""

    case_id: UUID = field(default_factory=uuid4)
    company_id: UUID = field(default_factory=uuid4)
    email: str | None = "kim@example.com"
    phone: str | None = "+821012345678"
    language: Language = Language.KO


async def known(database: Database, case: KnownCase) -> None:
    """Its names are known, its contact is registered, and nothing has been told yet."""
    async with database.transaction() as session:
        await cases.name_programme(session, a_programme())
        await cases.name_company(session, a_company(case.company_id))
        await cases.open_case(session, a_submission(case.case_id, case.company_id))
        if case.email or case.phone:
            await recipients.keep(session, case.company_id, case.email, case.phone, case.language)


def an_envelope(event: Event, age: timedelta = timedelta()) -> cloudevents.Envelope:
    recorded = (datetime.now(UTC) - age).isoformat()
    return cloudevents.Envelope.model_validate(cloudevents.new_attributes(event) | {"time": recorded})


async def told(database: Database, case: KnownCase, *events: Event) -> None:
    """The events are heard and became messages that wait."""
    async with database.transaction() as session:
        for event in events:
            await messages.tell(session, event, an_envelope(event))


def a_mail_only_case(email: str = "kim@example.com") -> KnownCase:
    return KnownCase(email=email, phone=None)


async def a_waiting_mail(database: Database, email: str = "kim@example.com") -> KnownCase:
    case = a_mail_only_case(email)
    await known(database, case)
    await told(database, case, a_selection(case.case_id))
    return case


# Providers.


@dataclass
class MailServer:
    """A real SMTP server whose answers to RCPT and DATA a test may choose; `mails` is all that it accepted."""

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
        def made() -> SMTP:
            self.connections += 1
            return SMTP(self, loop=asyncio.get_running_loop(), enable_SMTPUTF8=False)

        server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]


def a_mail_server() -> MailServer:
    return MailServer(free_ports(1)[0])


@asynccontextmanager
async def sms_gateway(settings: Settings, folder: Path) -> AsyncIterator[None]:
    """The demo's gateway of SOLAPI's shape, served for real; it shows what it has kept at /api/messages."""
    host, port = settings.sms_url.removeprefix("http://").split(":")
    inbox = InboxSettings(
        inbox_port=int(port),
        inbox_smtp_port=free_ports(1)[0],
        inbox_folder=folder,
        sms_api_key=settings.sms_api_key,
        sms_api_secret=settings.sms_api_secret,
        sms_sender=SMS_SENDER,
    )
    async with served(application(inbox), host, int(port)):
        yield


@asynccontextmanager
async def served(app: Any, host: str, port: int) -> AsyncIterator[None]:
    server = GuestServer(uvicorn.Config(app, host=host, port=port, log_config=None))
    running = asyncio.create_task(server.serve())
    await until(lambda: done(server.started))
    try:
        yield
    finally:
        server.should_exit = True
        await running


class GuestServer(uvicorn.Server):
    """The test run keeps its own Ctrl-C."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


# The sender.


def with_providers(settings: Settings, smtp_port: int) -> Settings:
    return settings.model_copy(
        update={
            "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
            "sms_url": f"http://127.0.0.1:{free_ports(1)[0]}",
            "sms_api_key": "key",
            "sms_api_secret": SecretStr("secret"),
            "sms_sender": SMS_SENDER,
        }
    )


@asynccontextmanager
async def sending(database: Database, settings: Settings, senders: int = 1) -> AsyncIterator[list[Health]]:
    """The role `sender` runs, so many times; a fault of it ends the test."""
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
    async with database.asyncpg_transaction() as connection:
        found = await connection.fetch(f'select * from "{table}" order by {order}')
    return [dict(row) for row in found]


async def states(database: Database) -> list[str]:
    """The states of all messages, in the order in which these were made."""
    return [row["state"] for row in await rows(database)]


async def published(database: Database) -> list[str]:
    """The names of the message events that were given out, in order."""
    logged = await rows(database, "event_log")
    return [row["type"].removeprefix("kr.ieum.message.").removesuffix(".v1") for row in logged]


async def done(whether: bool) -> bool:
    return whether


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, "it never came to that"
        await asyncio.sleep(0.02)


async def until_states(database: Database, *expected: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (now := await states(database)) != list(expected):
        assert time.monotonic() < deadline, f"still {now}"
        await asyncio.sleep(0.02)
