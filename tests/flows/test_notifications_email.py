"""Sending queued e-mails through a real SMTP server: order, refusals, retries and deadlines."""

from email.message import EmailMessage
from uuid import uuid4

import pytest

from services.notifications.channels.email import build_mail
from services.notifications.channels.outcomes import OutgoingMessage
from services.notifications.recipients import commands as recipients
from services.notifications.recipients.domain import Language
from services.notifications.settings import NotificationsSettings
from services.notifications.templates.rendering import EmailContent
from shared.config import Settings
from shared.database.engine import Database
from shared.events.applications import CompanyRejected
from tests.builders import A_DAY, PROGRAMME, a_selection
from tests.databases import Databases
from tests.flows.notifications_builders import (
    CaseContact,
    MailServer,
    a_queued_email,
    an_email_only_case,
    as_coroutine,
    emitted_events,
    enqueue,
    rows,
    running_senders,
    save_case,
    until,
    until_states,
    with_providers,
)


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["notifications"]


@pytest.fixture
def provided(settings: Settings, smtp: MailServer) -> NotificationsSettings:
    return with_providers(settings, smtp.port)


def a_rejection(case: CaseContact) -> CompanyRejected:
    return CompanyRejected(
        case_id=case.case_id,
        programme_id=PROGRAMME,
        round_id="r",
        year=2024,
        cause="closed",
        occurred_on=A_DAY,
    )


async def test_mail_arrives_once_with_text_html_and_its_message_id(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    await a_queued_email(database)

    async with running_senders(database, provided):
        await until_states(database, "sent")

    [mail] = running.mails
    [row] = await rows(database)
    assert mail["Message-ID"] == f"<{row['id']}@example.go.kr>"
    assert mail["Subject"] == "축하드립니다. 전북 스마트공장 지원 기업으로 선정되셨습니다"
    assert (mail["To"], mail["Reply-To"]) == ("kim@example.com", "ieum@example.go.kr")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "JBSF-2024-0017" in plain_text(mail)
    assert str(row["id"]) in row["provider_reference"]
    assert await emitted_events(database) == ["sent"]


def plain_text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_many_mails_share_few_connections(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    for _ in range(20):
        await a_queued_email(database)

    async with running_senders(database, provided):
        await until_states(database, *["sent"] * 20)

    assert len(running.mails) == 20
    assert running.connections <= 4


async def test_mail_stays_queued_while_the_server_refuses_connections(
    database: Database, provided: NotificationsSettings, smtp: MailServer
) -> None:
    await a_queued_email(database)

    async with running_senders(database, provided) as [health]:
        await until(lambda: attempted(database, 3))
        await until_states(database, "queued")
        assert "연결하지 못함 / cannot be reached" in (health.problem() or "")
        async with smtp.running():
            await until_states(database, "sent")
            await until(lambda: as_coroutine(health.problem() is None))

    assert len(smtp.mails) == 1
    assert await emitted_events(database) == ["sent"]


async def attempted(database: Database, times: int) -> bool:
    return all(row["attempts"] >= times for row in await rows(database))


async def test_permanently_refused_recipient_fails_with_the_servers_answer(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    running.rcpt = lambda address: "550 5.1.1 no such user"
    await a_queued_email(database)

    async with running_senders(database, provided):
        await until_states(database, "failed")

    [row] = await rows(database)
    assert (row["problem"], row["provider_code"], row["reason"]) == (
        "refused",
        "550",
        "550 5.1.1 no such user",
    )
    assert running.mails == []
    assert await emitted_events(database) == ["failed"]


async def test_temporarily_refused_mail_is_retried_and_the_next_mail_of_its_case_waits(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    answers = iter(["450 4.2.0 try later", "450 4.2.0 try later"])
    running.rcpt = lambda address: next(answers, "250 OK")
    case = an_email_only_case()
    await save_case(database, case)
    await enqueue(database, case, a_selection(case.case_id), a_rejection(case))

    async with running_senders(database, provided, senders=2):
        await until_states(database, "sent", "sent")

    assert [subject[:6] for subject in running.subjects()] == ["축하드립니다", "전북 스마트"]
    assert [row["attempts"] for row in await rows(database)] == [3, 1]


async def test_deferred_mail_does_not_delay_other_cases(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    running.rcpt = lambda address: "450 full" if address.startswith("kim") else "250 OK"
    await a_queued_email(database, "kim@example.com")
    await a_queued_email(database, "lee@example.com")

    async with running_senders(database, provided):
        await until_states(database, "queued", "sent")


async def test_queued_mail_fails_once_its_contact_is_erased(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    case = await a_queued_email(database)
    async with database.transaction() as transaction:
        assert await recipients.erase(transaction, case.company_id)

    async with running_senders(database, provided):
        await until_states(database, "failed")

    assert running.mails == []
    assert (await rows(database))[0]["problem"] == "no_contact"


async def test_queued_mail_past_its_deadline_is_not_sent(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    await a_queued_email(database)
    async with database.transaction() as transaction:
        await transaction.fetch("update message set expires_at = now() - interval '1 second'")

    async with running_senders(database, provided):
        await until_states(database, "failed")

    assert running.mails == []


async def test_company_that_chose_english_gets_english(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    case = an_email_only_case()
    await save_case(database, case)
    async with database.transaction() as transaction:
        await recipients.save(transaction, case.company_id, case.email, None, Language.EN)
    await enqueue(database, case, a_selection(case.case_id))

    async with running_senders(database, provided):
        await until_states(database, "sent")

    assert running.subjects() == ["Congratulations: you are selected for Jeonbuk Smart Factory"]


def test_line_break_in_a_subject_is_refused() -> None:
    content = EmailContent(subject="제목\r\nBcc: x@example.com", text="a", html="b")

    with pytest.raises(ValueError, match="linefeed"):
        build_mail(
            OutgoingMessage(uuid4(), "kim@example.com", content), "ieum@example.go.kr", "kim@example.com"
        )
