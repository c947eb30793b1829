"""Operations endpoints of every process: /healthz, /readyz with the reasons, /metrics."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.messaging import dead_letters, outbox, parking
from shared.observability.health import Health
from shared.observability.metrics import (
    DATABASE_UP,
    DEAD_LETTER_AGE,
    DEAD_LETTERS_STORED,
    OUTBOX_AGE,
    OUTBOX_DEPTH,
    PARKED,
    PARKED_SECONDS,
    PARKING_LIMIT,
    POOL_IN_USE,
    POOL_SIZE,
    ROLE_READY,
)

log = structlog.get_logger()

DATABASE_TIMEOUT = 3.0  # seconds; probes and scrapes wait ten at most
Measure = Callable[[Transaction], Awaitable[None]]

router = APIRouter(tags=["operations"], include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Liveness: asks neither the database nor Kafka, whose outage a restart would not end."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """Readiness with the reason of each role that is not ready: an api needs its database, the others make progress."""
    healths: list[Health] = request.app.state.healths
    problems = {health.role: problem for health in healths if (problem := health.problem())}
    if (reason := await database_problem(request.app.state.database)) is not None:
        problems["database"] = reason
    roles = [health.role for health in healths]
    body = {"status": "not ready" if problems else "ready", "roles": roles, "problems": problems}
    return JSONResponse(body, 503 if problems else 200)


async def database_problem(database: Database) -> str | None:
    """Return why the database cannot be used, None where it answers in time."""
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT), database.transaction() as transaction:
            await transaction.fetch("select 1")
    except Exception as error:
        return f"데이터베이스에 닿지 않습니다({type(error).__name__}) / the database is away"
    return None


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus text; values from the database are read at each scrape."""
    state = request.app.state
    measure_process(state.database, state.settings, state.healths)
    is_up = await measure_database(state.database, state.measure)
    DATABASE_UP.labels(state.database.schema).set(is_up)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def measure_process(database: Database, settings: Settings, healths: Sequence[Health]) -> None:
    in_use, size = database.connections
    POOL_IN_USE.labels(database.schema).set(in_use)
    POOL_SIZE.labels(database.schema).set(size)
    PARKING_LIMIT.labels(database.schema).set(settings.parking_seconds)
    for health in healths:
        ROLE_READY.labels(database.schema, health.role).set(health.problem() is None)


async def measure_database(database: Database, measure: Measure) -> bool:
    """Set the gauges read from the database; return False where it does not answer, so the rest of the scrape goes on."""
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT), database.snapshot() as transaction:
            await measure_messaging(transaction, database.schema)
            await measure(transaction)
    except Exception as error:
        log.warning("metrics.database_unavailable", reason=repr(error))
        return False
    return True


async def measure_messaging(transaction: Transaction, service: str) -> None:
    (depth, age), (parked, waited) = (
        await outbox.count_and_oldest_age(transaction),
        await parking.count_and_oldest_age(transaction),
    )
    stored, newest = await dead_letters.count_and_newest_age(transaction)
    OUTBOX_DEPTH.labels(service).set(depth)
    OUTBOX_AGE.labels(service).set(age)
    PARKED.labels(service).set(parked)
    PARKED_SECONDS.labels(service).set(waited)
    DEAD_LETTERS_STORED.labels(service).set(stored)
    DEAD_LETTER_AGE.labels(service).set(newest)
