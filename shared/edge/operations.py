"""What operators ask of every process: is it alive, is it ready and why not, what does it measure."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.db import Database, fetch
from shared.delivery import outbox
from shared.delivery.health import Health
from shared.metrics import OUTBOX_AGE, OUTBOX_DEPTH, PARKED

router = APIRouter(tags=["operations"], include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Never asks the database or Kafka: a restart would not help them."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """Each role by itself: an api is ready when its database is, the others when they make progress."""
    healths: list[Health] = request.app.state.healths
    problems = {health.role: problem for health in healths if (problem := health.problem())}
    if (away := await database_problem(request.app.state.database)) is not None:
        problems["database"] = away
    roles = [health.role for health in healths]
    body = {"status": "not ready" if problems else "ready", "roles": roles, "problems": problems}
    return JSONResponse(body, 503 if problems else 200)


async def database_problem(database: Database) -> str | None:
    try:
        async with database.transaction() as session:
            await fetch(session, "select 1")
    except Exception as error:
        return f"데이터베이스에 닿지 않습니다({type(error).__name__}) / the database is away"
    return None


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus text; what stands in the database is read at each scrape."""
    database: Database = request.app.state.database
    try:
        async with database.transaction() as session:
            depth, age = await outbox.depth(session)
            [(parked,)] = await fetch(session, "select count(*) from parked")
    except Exception:
        # The scrape still tells what the process itself knows; /readyz tells of the database.
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
    OUTBOX_DEPTH.labels(database.schema).set(depth)
    OUTBOX_AGE.labels(database.schema).set(age)
    PARKED.labels(database.schema).set(parked)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
