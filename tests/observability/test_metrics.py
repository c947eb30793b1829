"""Each metric of shared/observability/metrics.py is moved by something that happens, and stands in /metrics of a service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.samples import Sample

from services.funding.main import SERVICE as FUNDING
from services.notifications.channels.email import EmailChannel
from services.notifications.main import SERVICE as NOTIFICATIONS
from services.notifications.sender import Desk, send_batch
from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.kafka import OutgoingRecord
from shared.messaging.relay import publish_pending
from shared.observability import metrics
from shared.observability.health import Health
from shared.observability.lag import LagMonitor
from shared.service import Context
from tests.builders import a_business_number, an_agreement, sealed
from tests.databases import Databases, app_url
from tests.e2e.small_story import (
    CITY,
    SIGNED_ON,
    WithHttp,
    announce,
    apply,
    decide,
    instruct,
    make_ready,
    sign,
)
from tests.flows.notifications_builders import MailServer, a_mail_server
from tests.observability.conftest import MemoryTown
from tests.system import cancelled

in_memory = pytest.mark.parametrize("town", ["memory"], indirect=True)


def kept() -> dict[str, MetricWrapperBase]:
    """Each of ours by its name on the wire."""
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return {family.name: one for one in ours for family in one.describe()}


@in_memory
async def test_every_metric_is_moved_by_what_it_tells_of(
    town: MemoryTown, providers: Settings, smtp: MailServer
) -> None:
    for metric in kept().values():
        metric.clear()

    await a_payment_is_instructed(town)
    await records_come_twice_too_early_or_broken(town)
    await a_handler_fails_once(town)
    await the_projector_is_fenced(town)
    await messages_leave_or_do_not(town, providers, smtp)
    await the_broker_refuses(town)
    await the_line_stops(town)
    async with watched(town):
        shown = await scraped(town)
        moved = {name: samples(one) for name, one in kept().items()}

    still = {name for name, found in moved.items() if not any(one.value > 0 for one in found)}
    assert still == set()
    assert {one.name for found in moved.values() for one in found if one.name not in shown} == set()


async def a_payment_is_instructed(town: WithHttp) -> None:
    await announce(town)
    cases = [await apply(town, eligible=number < 3) for number in range(4)]
    await decide(town, cases)
    await sign(town, cases[0])
    await town.settle()
    await make_ready(town, cases[0])
    await town.settle()
    await instruct(town, cases[0], SIGNED_ON + timedelta(days=20))
    await town.settle()


async def records_come_twice_too_early_or_broken(town: MemoryTown) -> None:
    """Funding hears again what it knows, monitoring of a programme that it does not, both what cannot be read."""
    again = town.kafka.logs["ieum.applications"][-1]
    await town.send(again.topic, again.value, key=again.key, headers=again.headers)
    await town.send(**sealed(an_agreement()) | {"value": b"{"})
    await town.settle()
    early = an_agreement().model_copy(update={"programme_id": "unheard-of"})
    await town.send(**sealed(early))
    await town.kafka.deliver()


async def a_handler_fails_once(town: MemoryTown) -> None:
    """It is begun again, and then it goes well."""
    dispatcher = town.consumers["notifications"].dispatcher
    before, failed = dispatcher.handlers, asyncio.Event()

    async def fails_once(session: Any, event: Any, envelope: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        await before[type(event)](session, event, envelope)

    dispatcher.handlers = dict.fromkeys(before, fails_once)
    await a_company_registers(town)
    await publish_pending(town.databases["applications"], town.kafka, 100)
    for _ in range(20):
        await town.kafka.deliver()
        await asyncio.sleep(0.02)
    dispatcher.handlers = before


async def the_projector_is_fenced(town: MemoryTown) -> None:
    """It believes to stand elsewhere than the database says."""
    projector = town.projectors["monitoring"]
    projector.folded_offsets = {at: next - 1 for at, next in projector.folded_offsets.items()}
    await a_company_registers(town)
    await publish_pending(town.databases["applications"], town.kafka, 100)
    await town.kafka.deliver()
    await projector.wait_for_write()


async def messages_leave_or_do_not(town: WithHttp, providers: Settings, smtp: MailServer) -> None:
    """One mail goes out, of one nobody knows what became, and then the server is away."""
    database = town.databases["notifications"]
    channel = EmailChannel(providers.smtp_url, providers.mail_from)
    channel.batch = 1
    await send_batch(database, channel, providers)
    smtp.hangs_up = True
    await send_batch(database, channel, providers)
    await channel.close()
    nowhere = EmailChannel(f"smtp://127.0.0.1:{a_mail_server().port}", providers.mail_from)
    desk = Desk(nowhere, Context(NOTIFICATIONS, database, providers, Health("sender")))
    desk.judge(await send_batch(database, nowhere, providers))


async def a_company_registers(town: WithHttp) -> None:
    named = {"business_number": a_business_number(), "name_ko": "기업 B-002"}
    body = named | {"municipality": CITY, "occurred_on": "2024-03-21"}
    await town.ask("applications", "/companies", body)


class Refusing:
    async def send_events(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        raise ConnectionError


async def the_broker_refuses(town: WithHttp) -> None:
    await a_company_registers(town)
    await publish_pending(town.databases["applications"], Refusing(), 100)


async def the_line_stops(town: MemoryTown) -> None:
    for number in range(10):
        await town.send(**sealed(an_agreement()) | {"value": b"{", "key": b"%d" % number})
    await town.kafka.deliver()


@asynccontextmanager
async def watched(town: MemoryTown) -> AsyncIterator[None]:
    """A record waits at a partition that nobody reads just now."""
    [reader] = [one for one in town.kafka.subscribers if one.group_id == "monitoring.projector"]
    watch = LagMonitor("monitoring", Health("projector"), town.projectors["monitoring"].next_offset)
    await town.send(**sealed(an_agreement()))
    await watch.measure(reader.consumer)
    looking = asyncio.create_task(watch.run(reader))
    await asyncio.sleep(0.1)
    yield
    await cancelled(looking)


async def scraped(town: WithHttp) -> str:
    """All four are asked, while each has a connection in use and a role that is ready."""
    for service in town.services:
        health = Health("relay")
        health.progress()
        database = town.databases[service.name]
        app = service.app(database, town.settings, [health], serves_api=False)
        async with (
            AsyncClient(transport=ASGITransport(app), base_url="http://town") as client,
            database.asyncpg_transaction(),
        ):
            text = (await client.get("/metrics")).text
    return text


def samples(metric: MetricWrapperBase) -> list[Sample]:
    return [one for family in metric.collect() for one in family.samples if not one.name.endswith("_created")]


async def test_a_database_that_hangs_does_not_hide_what_the_process_itself_knows(
    databases: Databases, settings: Settings
) -> None:
    """All its connections are in use: the scrape says so, in time."""
    database = Database(app_url("funding"), "funding", pool=1)
    app = FUNDING.app(database, settings, [], serves_api=False)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://town") as client:
        async with database.asyncpg_transaction():
            shown = (await client.get("/metrics")).text
        free = (await client.get("/metrics")).text
    await database.close()

    assert 'ieum_database_pool_in_use{service="funding"} 1.0' in shown
    assert 'ieum_database_up{service="funding"} 0.0' in shown
    assert 'ieum_database_up{service="funding"} 1.0' in free
