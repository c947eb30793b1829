"""What a service is, and what runs it: `python -m services.<name> <role> …`, one process for any of its roles.

    api        HTTP commands and reads            projector  events -> projections
    consumer   events -> handlers -> commands     relay      outbox -> Kafka
    timer      the deadlines of each new day      others     a service's own (sender)
    migrate    brings the schema up, and ends

A role that fails is begun again with growing backoff, unready meanwhile; the others go on.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared.config import Settings
from shared.database.engine import Database
from shared.database.migrate import migrate
from shared.events import RecordDeadLettered
from shared.garbage import tune_garbage_collection
from shared.messaging import relay
from shared.messaging.consumer import Consumer, Handlers
from shared.messaging.kafka import create_broker
from shared.observability import tracing
from shared.observability.health import Health
from shared.observability.lag import LagMonitor
from shared.observability.logs import configure_logging
from shared.observability.metrics import BUILD
from shared.observability.tracing import SpanKind
from shared.projections.projection import DecodedEvent, Projection
from shared.projections.projector import Projector
from shared.values.calendar import today
from shared.web import operations
from shared.web.identity import Identity
from shared.web.operations import Measure
from shared.web.problems import register_error_handlers
from shared.web.requests import RequestContext

log = structlog.get_logger()


@dataclass(frozen=True)
class Context:
    """What a role is given."""

    service: "Service"
    database: Database
    settings: Settings
    health: Health


Role = Callable[[Context], Awaitable[None]]
Deadlines = Callable[[AsyncSession, date], Awaitable[object]]

TIMER_INTERVAL = 600.0  # seconds


async def no_metrics(session: AsyncSession) -> None:
    """There is nothing of its own that it measures."""


@dataclass(frozen=True)
class Service:
    """One service, described: `name` is also its schema and its consumer group.

    `roles` are its own, beyond those that every service has; `prepare` adds what an api's app needs besides;
    `measure` sets the gauges of what it alone knows; `deadlines` tells those that a day has brought, each once.
    """

    name: str
    title: str
    tables: MetaData
    dead_letter_event: type[RecordDeadLettered]
    routers: Sequence[APIRouter] = ()
    handlers: Handlers = field(default_factory=dict)
    projections: Sequence[Projection] = ()
    change_key: Callable[[DecodedEvent], str | None] = lambda fact: None
    roles: Mapping[str, Role] = field(default_factory=dict)
    configure_app: Callable[[FastAPI, Settings], None] = lambda app, settings: None
    measure: Measure = no_metrics
    deadlines: Deadlines | None = None

    def database(self, settings: Settings) -> Database:
        return Database(settings.database_url, self.name, settings.database_pool)

    def app(
        self, database: Database, settings: Settings, healths: Sequence[Health], serves_api: bool
    ) -> FastAPI:
        """The process's HTTP: what operators ask, and the api where it has that role."""
        shown: dict[str, Any] = {} if serves_api else {"openapi_url": None}
        app = FastAPI(title=f"Ieum: {self.title}", version="1", docs_url=None, redoc_url=None, **shown)
        app.state.database, app.state.settings, app.state.healths = database, settings, list(healths)
        app.state.identity, app.state.measure = Identity(settings), self.measure
        BUILD.labels(self.name).info({"version": version("ieum")})
        app.include_router(operations.router)
        register_error_handlers(app)
        if serves_api:
            for router in self.routers:
                app.include_router(router)
            self.configure_app(app, settings)
        app.add_middleware(RequestContext, service=self.name)
        return app

    def all_roles(self) -> dict[str, Role]:
        heard = {"consumer": run_consumer} if self.handlers else {}
        folded = {"projector": run_projector} if self.projections else {}
        timed = {"timer": run_timer} if self.deadlines else {}
        return {"api": run_api, "relay": run_relay} | heard | folded | timed | dict(self.roles)


async def run_api(context: Context) -> None:
    """The api itself is the process's HTTP server: ready as soon as its database is, also while Kafka is down."""
    context.health.progress()
    await asyncio.Event().wait()


async def run_relay(context: Context) -> None:
    await relay.run(context.database, context.settings, context.health)


async def run_consumer(context: Context) -> None:
    service = context.service
    consumer = Consumer(
        context.database, service.handlers, service.dead_letter_event, context.settings, context.health
    )
    async with subscribed(context, consumer):
        await consumer.run_parked_retries()


async def run_projector(context: Context) -> None:
    service = context.service
    projector = Projector(
        context.database,
        service.projections,
        service.dead_letter_event,
        context.settings,
        health=context.health,
        change_key=service.change_key,
    )
    try:
        async with subscribed(context, projector):
            await asyncio.Event().wait()
    finally:
        await projector.stop()


async def run_timer(context: Context) -> None:
    """The deadlines of each new day, and again after a start. Several may run: each deadline is told once."""
    assert context.service.deadlines is not None
    while True:
        with tracing.span("deadlines", SpanKind.INTERNAL, None, {}):
            async with context.database.transaction() as session:
                told = await context.service.deadlines(session, today())
        log.info("deadlines.told", told=told)
        context.health.progress()
        await asyncio.sleep(TIMER_INTERVAL)


@asynccontextmanager
async def subscribed(context: Context, ears: Consumer | Projector) -> AsyncIterator[None]:
    """FastStream brings start, stop and the loop; ready once partitions are ours, as long as we get on with them."""
    broker = create_broker(context.settings)
    subscriber = ears.subscribe(broker)
    context.health.failed("아직 맡은 파티션이 없습니다 / no partition is assigned yet", about="lag")
    await broker.start()
    watching = asyncio.create_task(
        LagMonitor(context.database.schema, context.health, ears.next_offset).run(subscriber)
    )
    context.health.progress()
    try:
        yield
    finally:
        watching.cancel()
        await broker.stop()


async def restart_on_failure(role: Role, context: Context) -> None:
    """Begin the role again when it fails; the wait grows up to the limit."""
    wait = context.settings.backoff_seconds
    while True:
        try:
            await role(context)
        except Exception as error:
            context.health.failed(
                f"{context.health.role}을(를) 다시 시작합니다: {type(error).__name__} / starting again"
            )
            log.warning("role.failed", role=context.health.role, reason=repr(error), wait_seconds=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, context.settings.backoff_limit_seconds / 10)


async def run(service: Service, names: Sequence[str], settings: Settings) -> None:
    database = service.database(settings)
    known = service.all_roles()
    healths = {name: Health(name, settings.stuck_seconds) for name in names}
    app = service.app(database, settings, list(healths.values()), serves_api="api" in names)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=settings.host, port=settings.port, log_config=None, timeout_graceful_shutdown=5
        )
    )
    contexts = {name: Context(service, database, settings, health) for name, health in healths.items()}
    tasks = [
        asyncio.create_task(restart_on_failure(known[name], contexts[name]), name=name) for name in names
    ]
    # uvicorn raises the signal once more after its end: without this the roles would not come to theirs.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


def main(service: Service) -> None:
    """The command line of a service's `__main__`."""
    names, settings = sys.argv[1:], Settings()
    configure_logging(service.name, settings.log_level)
    known = [*service.all_roles(), "migrate"]
    if not names or set(names) - set(known):
        sys.exit(f"usage: python -m services.{service.name} ROLE …   roles: {', '.join(known)}")
    if names == ["migrate"]:
        asyncio.run(migrate(service.name, settings.database_url))
    else:
        tune_garbage_collection()
        with tracing.exporting(service.name):
            uvloop.run(run(service, names, settings))
