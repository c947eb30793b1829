"""A request is one transaction, committed before the reply: a reply means saved.

`Router` is FastAPI's, whose commands (POST, PUT, DELETE) also honour Idempotency-Key.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database, Executor, LazyConnection
from shared.errors import RuleBroken
from shared.values.clock import refuse_future, today
from shared.web import idempotency

COMMANDS = {"POST", "PUT", "DELETE", "PATCH"}
BODY_LIMIT = 1_000_000  # bytes


def _not_future(on: date) -> date:
    refuse_future(on)
    return on


OccurredOn = Annotated[date, AfterValidator(_not_future)]
"""A business date that has come; a later one is refused by the rule future_date."""


class DatedCommand(BaseModel):
    """A command's body: done on `occurred_on`, today where it is left out; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")

    occurred_on: OccurredOn = Field(default_factory=today)


class DeadlineRun(BaseModel):
    """The day up to which deadlines are told: what the role timer does by itself each day."""

    model_config = ConfigDict(extra="forbid")

    up_to: OccurredOn


async def transaction(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def lazy_transaction(request: Request) -> LazyConnection:
    session: LazyConnection = request.state.session
    return session


async def snapshot(request: Request) -> LazyConnection:
    session: LazyConnection = request.state.session
    return session


Session = Annotated[AsyncSession, Depends(transaction)]
Snapshot = Annotated[LazyConnection, Depends(snapshot)]
"""What a read asks for whose statements must agree with each other: one moment of the database."""
LazySession = Annotated[LazyConnection, Depends(lazy_transaction)]
"""What the endpoint of a hot command asks for instead: asyncpg's connection, without a unit of work."""


KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "같은 키는 같은 답을 받습니다 / the same key gets the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY_LENGTH},
}
"""What the OpenAPI document says of the header that every command may bear; `once` reads it."""


class TransactionRoute(APIRoute):
    """Begins before the endpoint, keeps the answer under its key, commits before the reply is sent."""

    def transaction_factory(self) -> Callable[[Database], AbstractAsyncContextManager[Executor]]:
        """As the endpoint asked for it."""
        asked = set(dependencies_of(self.dependant))
        if snapshot in asked:
            return lambda database: database.snapshot()
        if lazy_transaction in asked:
            return lambda database: database.lazy_transaction()
        return lambda database: database.transaction()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, opened = super().get_route_handler(), self.transaction_factory()

        async def handle(request: Request) -> Response:
            async with opened(request.app.state.database) as session:
                request.state.session = session
                key = request.headers.get("idempotency-key")
                if key is None or request.method not in COMMANDS:
                    return await endpoint(request)
                return await idempotent(request, session, key, endpoint)

        return handle


def dependencies_of(dependant: Dependant) -> Iterator[Any]:
    """What the endpoint depends on, at whatever remove."""
    for one in dependant.dependencies:
        yield one.call
        yield from dependencies_of(one)


async def idempotent(
    request: Request, session: Executor, key: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> Response:
    if not 0 < len(key) <= idempotency.MAX_KEY_LENGTH:
        raise RuleBroken(
            "idempotency_key_length",
            ko=f"Idempotency-Key는 1~{idempotency.MAX_KEY_LENGTH}자입니다.",
            en=f"An Idempotency-Key has 1 to {idempotency.MAX_KEY_LENGTH} characters.",
        )
    asked = idempotency.fingerprint(request.method, request.scope["path"], await request.body())
    principal = request.app.state.identity.principal(request.headers.get("authorization", ""))
    if (known := await idempotency.claim(session, principal, key, asked)) is not None:
        status, body = known
        return Response(body, status, {"Idempotency-Replayed": "true"}, media_type="application/json")
    response = await endpoint(request)
    await idempotency.store(session, principal, key, response.status_code, response.body)
    return response


class Router(APIRouter):
    """Every route in one transaction; the Idempotency-Key header stands in the OpenAPI document."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=TransactionRoute, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if COMMANDS & set(options.get("methods") or ()):
            options["openapi_extra"] = {"parameters": [KEY_HEADER]}
        super().add_api_route(path, endpoint, **options)
