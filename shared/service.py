"""One process of a service: its roles, and their health over HTTP.

    python -m services.funding api consumer relay

    api        HTTP of the service
    consumer   events in, in one consumer group that bears the service's name
    projector  events into the projections (monitoring)
    relay      events out
    timer      announces due deadlines, every ten minutes
    …          a service's own (sender)

    python -m services.monitoring migrate                   upgrade the schema, and end
    python -m services.monitoring rebuild [--switch]        rebuild the projections beside the live ones and compare, or
                                                            switch to the new ones, and end; both as the schema's owner

A role that fails is started again with growing backoff, unready meanwhile; the others go on.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

import orjson
import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from opentelemetry.trace import SpanKind
from sqlalchemy import MetaData

from shared.config import Settings
from shared.database.engine import Database
from shared.database.migrate import migrate
from shared.database.transaction import Transaction
from shared.events import RecordDeadLettered
from shared.messaging import relay
from shared.messaging.consumer import Consumer, Handlers
from shared.messaging.kafka import create_broker
from shared.observability import tracing
from shared.observability.health import Health
from shared.observability.lag import LagMonitor
from shared.observability.logs import configure_logging
from shared.observability.metrics import BUILD
from shared.projections.projection import DecodedEvent, Projection
from shared.projections.projector import Projector
from shared.projections.rebuild import Rebuild, RebuildResult
from shared.values.clock import today
from shared.web import operations
from shared.web.identity import Identity
from shared.web.operations import Measure
from shared.web.problems import register_error_handlers
from shared.web.requests import RequestContext
from shared.web.telemetry import telemetry

log = structlog.get_logger()


@dataclass(frozen=True)
class Context:
    """The resources of one role of a process."""

    service: "Service"
    database: Database
    settings: Settings
    health: Health


Role = Callable[[Context], Awaitable[None]]
Deadlines = Callable[[Transaction, date], Awaitable[object]]

TIMER_INTERVAL = 600.0  # seconds
GARBAGE_THRESHOLD = 1_000_000
REBUILD_OPTIONS: list[list[str]] = [[], ["--switch"], ["--if-outdated"]]
"""Objects beyond the frozen ones before Python looks for cyclic garbage: a projector's largest batch."""


async def no_metrics(transaction: Transaction) -> None:
    """Set no gauges: the service has none of its own."""


@dataclass(frozen=True)
class Service:
    """Description of one service; `name` is also its schema and its consumer group.

    `projections_version` counts the changes of its folds: after one, `rebuild --switch` makes the new rows.
    `change_key` returns what an event of the projections concerns. `roles` are its own, beyond those of every service.
    `configure_app` adds what its api needs besides. `measure` sets the gauges of its own. `deadlines` emits the events
    of the deadlines up to a date, each once, and returns how many.
    """

    name: str
    title: str
    tables: MetaData
    dead_letter_event: type[RecordDeadLettered]
    routers: Sequence[APIRouter] = ()
    handlers: Handlers = field(default_factory=dict)
    projections: Sequence[Projection] = ()
    projections_version: int = 1
    change_key: Callable[[DecodedEvent], str | None] = lambda event: None
    roles: Mapping[str, Role] = field(default_factory=dict)
    configure_app: Callable[[FastAPI, Settings], None] = lambda app, settings: None
    measure: Measure = no_metrics
    deadlines: Deadlines | None = None
    settings: type[Settings] = Settings

    def database(self, settings: Settings) -> Database:
        return Database(settings.database_url, self.name, settings.database_pool)

    def app(
        self, database: Database, settings: Settings, healths: Sequence[Health], serves_api: bool
    ) -> FastAPI:
        """Return the process's HTTP app: operations endpoints, and the api where the process has that role."""
        options: dict[str, Any] = {} if serves_api else {"openapi_url": None}
        app = FastAPI(
            title=f"Ieum: {self.title}",
            version="1",
            docs_url=None,
            redoc_url=None,
            telemetry=telemetry(),
            **options,
        )
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

    def topics_by_group(self) -> dict[str, set[str]]:
        """Return the topics that each consumer group of the service reads: the one place that knows them."""
        consumer = {event.topic for event in self.handlers}
        projector = {event.topic for projection in self.projections for event in projection.subscribes_to}
        groups = {self.name: consumer, f"{self.name}.projector": projector}
        return {group: topics for group, topics in groups.items() if topics}

    def all_roles(self) -> dict[str, Role]:
        """Return every role that a process of the service can run."""
        consumer = {"consumer": run_consumer} if self.handlers else {}
        projector = {"projector": run_projector} if self.projections else {}
        timer = {"timer": run_timer} if self.deadlines else {}
        return {"api": run_api, "relay": run_relay} | consumer | projector | timer | dict(self.roles)


async def run_api(context: Context) -> None:
    """Wait until cancelled: the process's HTTP server is the api, ready while Kafka is down too."""
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
        version=service.projections_version,
        health=context.health,
        change_key=service.change_key,
    )
    async with subscribed(context, projector):
        await asyncio.Event().wait()


async def run_timer(context: Context) -> None:
    """Run the deadlines at the start and every ten minutes. Several timers may run: each deadline is emitted once."""
    assert context.service.deadlines is not None
    while True:
        with tracing.span("deadlines", SpanKind.INTERNAL, None, {}):
            async with context.database.transaction() as transaction:
                emitted = await context.service.deadlines(transaction, today())
        log.info("deadlines.run", emitted=emitted)
        context.health.progress()
        await asyncio.sleep(TIMER_INTERVAL)


@asynccontextmanager
async def subscribed(context: Context, subscriber: Consumer | Projector) -> AsyncIterator[None]:
    """Consume while the block runs; ready once partitions are assigned, as long as their offsets move."""
    broker = create_broker(context.settings)
    subscription = subscriber.subscribe(broker)
    context.health.failed("아직 맡은 파티션이 없습니다 / no partition is assigned yet", component="lag")
    await broker.start()
    monitor = LagMonitor(context.database.schema, context.health, subscriber.next_offset)
    monitoring = asyncio.create_task(monitor.run(subscription))
    context.health.progress()
    try:
        yield
    finally:
        monitoring.cancel()
        await broker.stop()


async def restart_on_failure(role: Role, context: Context) -> None:
    """Run a role, and again when it fails, after a delay that doubles up to a limit."""
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
    """Run the named roles and the HTTP server until a signal ends the process."""
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
    # uvicorn raises the signal once more after its end: ignored here, so that the roles can still shut down.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


async def rebuild(service: Service, settings: Settings, option: str | None) -> bool:
    """Rebuild the service's projections and print the outcome; `settings` name the schema owner's database URL.

    `--switch` makes the new rows live; `--if-outdated` does so only where another version of the folds made the live
    ones. Return whether nothing differs, or nothing had to.
    """
    url, version = settings.database_url, service.projections_version
    job = Rebuild(service.name, url, service.projections, settings, version)
    if option == "--if-outdated" and not await job.is_outdated():
        return True
    equal = report(await job.run(switch=option is not None))
    return equal or option is not None


def report(result: RebuildResult) -> bool:
    """Print the outcome of a rebuild as JSON; return whether nothing differs."""
    tables = [vars(table) for table in result.tables]
    outcome = {"records": result.records, "dead_letters": result.dead_letters, "equal": result.equal}
    print(orjson.dumps(outcome | {"tables": tables}, option=orjson.OPT_INDENT_2).decode())  # noqa: T201  a command
    return result.equal


def tune_garbage_collection() -> None:
    """Freeze what the process begins with, and look for cyclic garbage rarely.

    A batch dies with its last reference; the default thresholds walk through it dozens of times in vain, which took a
    third of a projector's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 100)


def main(service: Service) -> None:
    """Run the command line of a service's `__main__`."""
    names, settings = sys.argv[1:], service.settings()
    configure_logging(service.name, settings.log_level)
    commands = ["migrate", *(["rebuild"] if service.projections else [])]
    if names == ["migrate"]:
        asyncio.run(migrate(service.name, settings.database_url))
    elif names[:1] == ["rebuild"] and service.projections and names[1:] in REBUILD_OPTIONS:
        tune_garbage_collection()
        sys.exit(0 if uvloop.run(rebuild(service, settings, next(iter(names[1:]), None))) else 1)
    elif not names or set(names) - set(service.all_roles()):
        roles = ", ".join([*service.all_roles(), *commands])
        sys.exit(f"usage: python -m services.{service.name} ROLE …   roles: {roles}")
    else:
        tune_garbage_collection()
        with tracing.exporting(service.name):
            uvloop.run(run(service, names, settings))
