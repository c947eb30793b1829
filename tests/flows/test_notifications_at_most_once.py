"""At-most-once sending: no mail is sent twice after a crash or a lost answer, and no outcome is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from services.notifications.main import SERVICE
from services.notifications.messages import commands
from services.notifications.messages.domain import State, Transition
from services.notifications.sender import sender
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.database.engine import Database
from shared.observability.health import Health
from shared.service import Context, restart_on_failure
from tests.databases import Databases, admin, app_url
from tests.flows.notifications_builders import (
    MailServer,
    a_queued_email,
    as_coroutine,
    emitted_events,
    running_senders,
    states,
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


async def test_concurrent_senders_send_each_mail_once(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    for _ in range(40):
        await a_queued_email(database)

    async with running_senders(database, provided, senders=3):
        await until_states(database, *["sent"] * 40)

    ids = [mail["Message-ID"] for mail in running.mails]
    assert len(ids) == len(set(ids)) == 40


async def test_missing_answer_after_sending_leaves_the_outcome_unknown(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    running.hangs_up = True
    await a_queued_email(database)

    async with running_senders(database, provided):
        await until_states(database, "unknown")
        await asyncio.sleep(0.5)

    assert len(running.mails) == 1
    assert await states(database) == ["unknown"]
    assert await emitted_events(database) == ["unknown"]


async def age_messages(database: Database, age: timedelta) -> None:
    """Shift every claim and change into the past by `age`."""
    async with database.transaction() as transaction:
        await transaction.fetch(
            "update message set claimed_at = claimed_at - $1::interval, changed_at = changed_at - $1::interval",
            age,
        )


async def test_abandoned_claim_becomes_unknown_and_is_not_sent(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    await a_queued_email(database)
    async with database.transaction() as transaction:
        assert len(await commands.claim(transaction, "email", 10)) == 1
    await age_messages(database, timedelta(seconds=61))

    async with running_senders(database, provided):
        await until_states(database, "unknown")

    assert running.mails == []
    assert await emitted_events(database) == ["unknown"]


async def test_recent_claim_does_not_expire(database: Database, provided: NotificationsSettings) -> None:
    await a_queued_email(database)
    async with database.transaction() as transaction:
        await commands.claim(transaction, "email", 10)

    async with database.transaction() as transaction:
        assert await commands.expire_unknown(transaction) == 0


async def test_outcome_after_the_claim_has_expired_is_recorded(database: Database) -> None:
    await a_queued_email(database)
    async with database.transaction() as transaction:
        [claimed] = await commands.claim(transaction, "email", 10)
    await age_messages(database, timedelta(seconds=61))
    async with database.transaction() as transaction:
        assert await commands.expire_unknown(transaction) == 1

    async with database.transaction() as transaction:
        await commands.record_outcomes(transaction, {claimed.id: Transition(State.QUEUED, "busy")})
    assert await states(database) == ["unknown"]
    async with database.transaction() as transaction:
        await commands.record_outcomes(
            transaction, {claimed.id: Transition(State.SENT, reference="250 taken")}
        )

    assert await states(database) == ["sent"]
    assert await emitted_events(database) == ["unknown", "sent"]


@pytest.mark.parametrize("statement", ["delete from message", "truncate message"])
async def test_service_role_cannot_delete_messages(database: Database, statement: str) -> None:
    await a_queued_email(database)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as transaction:
            await transaction.fetch(statement)

    assert await states(database) == ["queued"]


async def test_sender_killed_while_sending_never_sends_twice(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    reached = asyncio.Event()

    async def never_answers() -> str:
        reached.set()
        await asyncio.sleep(30)
        return "250 too late"

    running.data = never_answers
    await a_queued_email(database)
    process = await a_sender_process(provided)
    await asyncio.wait_for(reached.wait(), 60)  # a process starts slowly on a busy machine
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert await states(database) == ["sending"]
    await age_messages(database, timedelta(seconds=61))
    running.data = None

    async with running_senders(database, provided):
        await until_states(database, "unknown")

    assert len(running.mails) == 1


async def a_sender_process(settings: NotificationsSettings) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "IEUM_DATABASE_URL": app_url("notifications"),
        "IEUM_SMTP_URL": settings.smtp_url,
        "IEUM_PORT": "0",
    }
    command = (sys.executable, "-m", "services.notifications", "sender")
    return await asyncio.create_subprocess_exec(*command, env=environment)


async def test_stopped_sender_records_outcomes_in_flight(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    reached = asyncio.Event()

    async def slow() -> str:
        reached.set()
        await asyncio.sleep(0.3)
        return "250 taken"

    running.data = slow
    await a_queued_email(database)

    async with running_senders(database, provided):
        await asyncio.wait_for(reached.wait(), 10)

    assert await states(database) == ["sent"]


async def test_outcome_is_recorded_once_the_database_is_available_again(
    database: Database, provided: NotificationsSettings, running: MailServer
) -> None:
    async def accepts_while_the_database_is_unavailable() -> str:
        await block_connections(test_connections)
        return "250 taken"

    test_connections = await connections_of(database)
    running.data = accepts_while_the_database_is_unavailable
    await a_queued_email(database)

    async with a_restarted_sender(provided):
        await until(lambda: as_coroutine(bool(running.mails)))
        await asyncio.sleep(0.5)
        assert await states(database) == ["sending"]
        await allow_connections()
        await until_states(database, "sent")

    assert len(running.mails) == 1


async def connections_of(database: Database) -> list[int]:
    async with database.transaction() as transaction:
        query = "select pid from pg_stat_activity where usename = current_user"
        return [row.pid for row in await transaction.fetch(query)]


async def block_connections(but: list[int]) -> None:
    """Terminate the service's connections except the test's own, and refuse new ones."""
    others = "usename = 'ieum_notifications' and not pid = any($1::int[])"
    connection = await admin()
    await connection.execute("alter role ieum_notifications connection limit 0")
    await connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}", but)
    await connection.close()


async def allow_connections() -> None:
    connection = await admin()
    await connection.execute("alter role ieum_notifications connection limit -1")
    await connection.close()


@asynccontextmanager
async def a_restarted_sender(settings: NotificationsSettings) -> AsyncIterator[None]:
    """Run the sender with its own connections, restarted when it fails, as in a process of its own."""
    database = SERVICE.database(settings.model_copy(update={"database_url": app_url("notifications")}))
    context = Context(SERVICE, database, settings, Health("sender"))
    role = asyncio.create_task(restart_on_failure(sender, context))
    try:
        yield
    finally:
        await allow_connections()
        role.cancel()
        await asyncio.gather(role, return_exceptions=True)
        await database.close()
