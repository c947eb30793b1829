"""Each metric of shared/observability/metrics.py changes when its cause occurs, and is in /metrics of a service."""

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
from services.notifications.sender import ChannelWorker, send_batch
from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.kafka import OutgoingRecord
from shared.messaging.relay import publish_pending
from shared.observability import metrics
from shared.observability.health import Health
from shared.observability.lag import LagMonitor
from shared.service import Context
from tests.builders import a_business_number, an_agreement, kafka_record
from tests.databases import Databases, app_url
from tests.e2e.small_scenario import (
    CITY,
    SIGNED_ON,
    ServicesWithHttp,
    announce,
    apply,
    decide,
    instruct,
    make_ready,
    sign,
)
from tests.flows.notifications_builders import MailServer, a_mail_server
from tests.observability.conftest import MemorySystemWithHttp
from tests.system import cancel

in_memory = pytest.mark.parametrize("system", ["memory"], indirect=True)


def all_metrics() -> dict[str, MetricWrapperBase]:
    """Return the product's metrics by exported name."""
    ours = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    return {family.name: metric for metric in ours for family in metric.describe()}


@in_memory
async def test_every_metric_changes_with_its_cause(
    system: MemorySystemWithHttp, providers: NotificationsSettings, smtp: MailServer
) -> None:
    for metric in all_metrics().values():
        metric.clear()

    await instruct_payment(system)
    await deliver_duplicate_early_and_broken_records(system)
    await fail_handler_once(system)
    await fence_projector(system)
    await send_messages(system, providers, smtp)
    await refuse_publication(system)
    await open_circuit(system)
    async with measuring_lag(system):
        text = await scrape_all(system)
        measured = {name: samples(metric) for name, metric in all_metrics().items()}

    unchanged = {name for name, series in measured.items() if not any(sample.value > 0 for sample in series)}
    missing = {sample.name for series in measured.values() for sample in series if sample.name not in text}
    assert unchanged == set()
    assert missing == set()


async def instruct_payment(system: ServicesWithHttp) -> None:
    await announce(system)
    cases = [await apply(system, eligible=number < 3) for number in range(4)]
    await decide(system, cases)
    await sign(system, cases[0])
    await system.run_until_quiescent()
    await make_ready(system, cases[0])
    await system.run_until_quiescent()
    await instruct(system, cases[0], SIGNED_ON + timedelta(days=20))
    await system.run_until_quiescent()


async def deliver_duplicate_early_and_broken_records(system: MemorySystemWithHttp) -> None:
    """Send a record that funding has handled, one without its prerequisite for monitoring, and unreadable ones."""
    duplicate = system.kafka.logs["ieum.applications"][-1]
    await system.send(duplicate.topic, duplicate.value, key=duplicate.key, headers=duplicate.headers)
    await system.send(**kafka_record(an_agreement()) | {"value": b"{"})
    await system.run_until_quiescent()
    early = an_agreement().model_copy(update={"programme_id": "unknown"})
    await system.send(**kafka_record(early))
    await system.kafka.deliver()


async def fail_handler_once(system: MemorySystemWithHttp) -> None:
    """Make a handler raise once; its second attempt succeeds."""
    dispatcher = system.consumers["notifications"].dispatcher
    before, failed = dispatcher.handlers, asyncio.Event()

    async def fails_once(transaction: Any, event: Any, envelope: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        await before[type(event)](transaction, event, envelope)

    dispatcher.handlers = dict.fromkeys(before, fails_once)
    await register_company(system)
    await publish_pending(system.databases["applications"], system.kafka, 100)
    for _ in range(20):
        await system.kafka.deliver()
        await asyncio.sleep(0.02)
    dispatcher.handlers = before


async def fence_projector(system: MemorySystemWithHttp) -> None:
    """Give the projector offsets that differ from the database's."""
    projector = system.projectors["monitoring"]
    projector.offsets = {partition: offset - 1 for partition, offset in projector.offsets.items()}
    await register_company(system)
    await publish_pending(system.databases["applications"], system.kafka, 100)
    await system.kafka.deliver()


async def send_messages(system: ServicesWithHttp, providers: NotificationsSettings, smtp: MailServer) -> None:
    """Send one mail, lose the outcome of another, and then lose the server."""
    database = system.databases["notifications"]
    channel = EmailChannel(providers.smtp_url, providers.mail_from)
    channel.batch = 1
    await send_batch(database, channel, providers)
    smtp.hangs_up = True
    await send_batch(database, channel, providers)
    await channel.close()
    unreachable = EmailChannel(f"smtp://127.0.0.1:{a_mail_server().port}", providers.mail_from)
    worker = ChannelWorker(unreachable, Context(NOTIFICATIONS, database, providers, Health("sender")))
    worker.update_backoff(await send_batch(database, unreachable, providers))


async def register_company(system: ServicesWithHttp) -> None:
    company = {"business_number": a_business_number(), "name_ko": "기업 B-002"}
    body = company | {"municipality": CITY, "occurred_on": "2024-03-21"}
    await system.ask("applications", "/companies", body)


class RefusingBroker:
    async def send_records(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        raise ConnectionError


async def refuse_publication(system: ServicesWithHttp) -> None:
    await register_company(system)
    await publish_pending(system.databases["applications"], RefusingBroker(), 100)


async def open_circuit(system: MemorySystemWithHttp) -> None:
    for number in range(10):
        await system.send(**kafka_record(an_agreement()) | {"value": b"{", "key": b"%d" % number})
    await system.kafka.deliver()


@asynccontextmanager
async def measuring_lag(system: MemorySystemWithHttp) -> AsyncIterator[None]:
    """Measure the lag while a record waits in a partition whose reader does not read."""
    [reader] = [row for row in system.kafka.subscribers if row.group_id == "monitoring.projector"]
    monitor = LagMonitor("monitoring", Health("projector"), system.projectors["monitoring"].next_offset)
    await system.send(**kafka_record(an_agreement()))
    await monitor.measure(reader.consumer)
    measuring = asyncio.create_task(monitor.run(reader))
    await asyncio.sleep(0.1)
    yield
    await cancel(measuring)


async def scrape_all(system: ServicesWithHttp) -> str:
    """Scrape all four services, while each has a connection in use and a role that is ready."""
    for service in system.services:
        health = Health("relay")
        health.progress()
        database = system.databases[service.name]
        app = service.app(database, system.settings, [health], serves_api=False)
        async with (
            AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
            database.batch_transaction(),
        ):
            text = (await client.get("/metrics")).text
    return text


def samples(metric: MetricWrapperBase) -> list[Sample]:
    families = metric.collect()
    return [row for family in families for row in family.samples if not row.name.endswith("_created")]


async def test_hanging_database_does_not_hide_the_metrics_of_the_process(
    databases: Databases, settings: Settings
) -> None:
    """All connections are in use: the scrape reports that, in time."""
    database = Database(app_url("funding"), "funding", pool=1)
    app = FUNDING.app(database, settings, [], serves_api=False)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        async with database.batch_transaction():
            busy = (await client.get("/metrics")).text
        free = (await client.get("/metrics")).text
    await database.close()

    assert 'ieum_database_pool_in_use{service="funding"} 1.0' in busy
    assert 'ieum_database_up{service="funding"} 0.0' in busy
    assert 'ieum_database_up{service="funding"} 1.0' in free
