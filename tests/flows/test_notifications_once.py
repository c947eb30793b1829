"""No mail is sent twice, whoever dies or falls silent while it is handed over, and no answer is lost."""

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
from services.notifications.messages.domain import Move, State
from services.notifications.sender import sender
from shared.config import Settings
from shared.database.engine import Database
from shared.observability.health import Health
from shared.service import Context, restart_on_failure
from tests.databases import Databases, admin, app_url
from tests.flows.notifications_builders import (
    MailServer,
    a_waiting_mail,
    done,
    published,
    sending,
    states,
    until,
    until_states,
    with_providers,
)


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases["notifications"]


@pytest.fixture
def provided(settings: Settings, smtp: MailServer) -> Settings:
    return with_providers(settings, smtp.port)


async def test_several_senders_at_once_send_each_mail_once(
    database: Database, provided: Settings, running: MailServer
) -> None:
    for _ in range(40):
        await a_waiting_mail(database)

    async with sending(database, provided, senders=3):
        await until_states(database, *["sent"] * 40)

    ids = [mail["Message-ID"] for mail in running.mails]
    assert len(ids) == len(set(ids)) == 40


async def test_a_server_that_falls_silent_after_the_mail_leaves_it_unknown_for_good(
    database: Database, provided: Settings, running: MailServer
) -> None:
    running.hangs_up = True
    await a_waiting_mail(database)

    async with sending(database, provided):
        await until_states(database, "unknown")
        await asyncio.sleep(0.5)

    assert len(running.mails) == 1
    assert await states(database) == ["unknown"]
    assert await published(database) == ["unknown"]


async def grown_old(database: Database, age: timedelta) -> None:
    """As if every claim and change had been made so long ago."""
    async with database.asyncpg_transaction() as connection:
        await connection.execute(
            "update message set claimed_at = claimed_at - $1::interval, changed_at = changed_at - $1::interval",
            age,
        )


async def test_a_claim_whose_sender_is_gone_becomes_unknown_and_is_not_sent(
    database: Database, provided: Settings, running: MailServer
) -> None:
    await a_waiting_mail(database)
    async with database.transaction() as session:
        assert len(await commands.claim(session, "email", 10)) == 1
    await grown_old(database, timedelta(seconds=61))

    async with sending(database, provided):
        await until_states(database, "unknown")

    assert running.mails == []
    assert await published(database) == ["unknown"]


async def test_a_claim_of_a_sender_that_still_works_is_left_alone(
    database: Database, provided: Settings
) -> None:
    await a_waiting_mail(database)
    async with database.transaction() as session:
        await commands.claim(session, "email", 10)

    async with database.transaction() as session:
        assert await commands.give_up_lost(session) == 0


async def test_an_answer_that_comes_after_the_claim_was_given_up_is_still_believed(
    database: Database,
) -> None:
    await a_waiting_mail(database)
    async with database.transaction() as session:
        [claimed] = await commands.claim(session, "email", 10)
    await grown_old(database, timedelta(seconds=61))
    async with database.transaction() as session:
        assert await commands.give_up_lost(session) == 1

    async with database.transaction() as session:
        await commands.settle(session, {claimed.id: Move(State.QUEUED, "nothing was handed over")})
    assert await states(database) == ["unknown"]
    async with database.transaction() as session:
        await commands.settle(session, {claimed.id: Move(State.SENT, reference="250 taken")})

    assert await states(database) == ["sent"]
    assert await published(database) == ["unknown", "sent"]


@pytest.mark.parametrize("statement", ["delete from message", "truncate message"])
async def test_the_service_itself_cannot_take_a_message_away(database: Database, statement: str) -> None:
    await a_waiting_mail(database)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.asyncpg_transaction() as connection:
            await connection.execute(statement)

    assert await states(database) == ["queued"]


async def test_a_sender_killed_while_it_hands_over_never_sends_twice(
    database: Database, provided: Settings, running: MailServer
) -> None:
    reached = asyncio.Event()

    async def never_answers() -> str:
        reached.set()
        await asyncio.sleep(30)
        return "250 too late"

    running.data = never_answers
    await a_waiting_mail(database)
    process = await a_sender_process(provided)
    await asyncio.wait_for(reached.wait(), 60)  # a process begins, perhaps beside much else
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert await states(database) == ["sending"]
    await grown_old(database, timedelta(seconds=61))
    running.data = None

    async with sending(database, provided):
        await until_states(database, "unknown")

    assert len(running.mails) == 1


async def a_sender_process(settings: Settings) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "IEUM_DATABASE_URL": app_url("notifications"),
        "IEUM_SMTP_URL": settings.smtp_url,
        "IEUM_PORT": "0",
    }
    command = (sys.executable, "-m", "services.notifications", "sender")
    return await asyncio.create_subprocess_exec(*command, env=environment)


async def test_a_sender_that_is_stopped_settles_what_it_has_in_hand(
    database: Database, provided: Settings, running: MailServer
) -> None:
    reached = asyncio.Event()

    async def slow() -> str:
        reached.set()
        await asyncio.sleep(0.3)
        return "250 taken"

    running.data = slow
    await a_waiting_mail(database)

    async with sending(database, provided):
        await asyncio.wait_for(reached.wait(), 10)

    assert await states(database) == ["sent"]


async def test_an_answer_is_kept_until_a_database_that_was_away_is_back(
    database: Database, provided: Settings, running: MailServer
) -> None:
    async def answers_while_the_database_is_away() -> str:
        await shut_out(ours)
        return "250 taken"

    ours = await connections_of(database)
    running.data = answers_while_the_database_is_away
    await a_waiting_mail(database)

    async with a_restarted_sender(provided):
        await until(lambda: done(bool(running.mails)))
        await asyncio.sleep(0.5)
        assert await states(database) == ["sending"]
        await let_in()
        await until_states(database, "sent")

    assert len(running.mails) == 1


async def connections_of(database: Database) -> list[int]:
    async with database.asyncpg_transaction() as connection:
        role = "select pid from pg_stat_activity where usename = current_user"
        return [row["pid"] for row in await connection.fetch(role)]


async def shut_out(but: list[int]) -> None:
    """The service's connections break, save the test's own, and it gets no new ones."""
    others = "usename = 'ieum_notifications' and not pid = any($1::int[])"
    connection = await admin()
    await connection.execute("alter role ieum_notifications connection limit 0")
    await connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}", but)
    await connection.close()


async def let_in() -> None:
    connection = await admin()
    await connection.execute("alter role ieum_notifications connection limit -1")
    await connection.close()


@asynccontextmanager
async def a_restarted_sender(settings: Settings) -> AsyncIterator[None]:
    """As in a process of its own: with its own connections, begun again when it fails."""
    own = SERVICE.database(settings.model_copy(update={"database_url": app_url("notifications")}))
    context = Context(SERVICE, own, settings, Health("sender"))
    role = asyncio.create_task(restart_on_failure(sender, context))
    try:
        yield
    finally:
        await let_in()
        role.cancel()
        await asyncio.gather(role, return_exceptions=True)
        await own.close()
