"""One transaction per request, committed before the reply: a successful reply means saved.

`Router` is FastAPI's, with that transaction; its commands (POST, PUT, DELETE, PATCH) also honour Idempotency-Key.
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

from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.errors import RuleBroken
from shared.values.clock import refuse_future, today
from shared.web import idempotency

COMMANDS = {"POST", "PUT", "DELETE", "PATCH"}
BODY_LIMIT = 1_000_000  # bytes


def _not_future(on: date) -> date:
    refuse_future(on)
    return on


OccurredOn = Annotated[date, AfterValidator(_not_future)]
"""A business date up to today; a later one is refused by the rule future_date."""


class DatedCommand(BaseModel):
    """Base of a command's body: `occurred_on` is today where it is left out; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    occurred_on: OccurredOn = Field(default_factory=today)


class DeadlineRun(BaseModel):
    """Body of a run of the deadlines up to a date, which the role timer does by itself every ten minutes."""

    model_config = ConfigDict(extra="forbid")

    up_to: OccurredOn


async def transaction(request: Request) -> Transaction:
    """Return the request's transaction."""
    of_request: Transaction = request.state.transaction
    return of_request


async def snapshot(request: Request) -> Transaction:
    """Return the request's transaction; a dependency, which makes the route open a snapshot."""
    return await transaction(request)


RequestTransaction = Annotated[Transaction, Depends(transaction)]
RequestSnapshot = Annotated[Transaction, Depends(snapshot)]
"""Dependency of a read whose statements must see the same moment of the database."""


KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "같은 키는 같은 답을 받습니다 / the same key gets the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY_LENGTH},
}
"""The Idempotency-Key header of every command in the OpenAPI document; `idempotent` reads it."""


class TransactionRoute(APIRoute):
    """Route that begins a transaction, calls the endpoint, stores its response under the key, commits, and replies."""

    def transaction_factory(self) -> Callable[[Database], AbstractAsyncContextManager[Transaction]]:
        """Return the kind of transaction that the endpoint depends on: one that may write where it names none."""
        if snapshot in set(dependencies_of(self.dependant)):
            return lambda database: database.snapshot()
        return lambda database: database.transaction()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, begin = super().get_route_handler(), self.transaction_factory()

        async def handle(request: Request) -> Response:
            async with begin(request.app.state.database) as transaction:
                request.state.transaction = transaction
                key = request.headers.get("idempotency-key")
                if key is None or request.method not in COMMANDS:
                    return await endpoint(request)
                return await idempotent(request, transaction, key, endpoint)

        return handle


def dependencies_of(dependant: Dependant) -> Iterator[Any]:
    """Yield the functions that the endpoint depends on, directly or through others."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependencies_of(dependency)


async def idempotent(
    request: Request, transaction: Transaction, key: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Call the endpoint once per key of a caller; return the stored response where the key was used before.

    Raises RuleBroken for a key of another length than 1 to 255, KeyReused for a key of another request.
    """
    if not 0 < len(key) <= idempotency.MAX_KEY_LENGTH:
        raise RuleBroken(
            "idempotency_key_length",
            ko=f"Idempotency-Key는 1~{idempotency.MAX_KEY_LENGTH}자입니다.",
            en=f"An Idempotency-Key has 1 to {idempotency.MAX_KEY_LENGTH} characters.",
        )
    fingerprint = idempotency.fingerprint(request.method, request.scope["path"], await request.body())
    principal = request.app.state.identity.principal(request.headers.get("authorization", ""))
    if (stored := await idempotency.claim(transaction, principal, key, fingerprint)) is not None:
        status, body = stored
        return Response(body, status, {"Idempotency-Replayed": "true"}, media_type="application/json")
    response = await endpoint(request)
    await idempotency.store(transaction, principal, key, response.status_code, response.body)
    return response


class Router(APIRouter):
    """Router of TransactionRoutes, whose commands have the Idempotency-Key header in the OpenAPI document."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=TransactionRoute, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if COMMANDS & set(options.get("methods") or ()):
            options["openapi_extra"] = {"parameters": [KEY_HEADER]}
        super().add_api_route(path, endpoint, **options)
