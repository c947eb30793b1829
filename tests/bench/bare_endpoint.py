"""Limit of an endpoint: the same web server with the same statements on bare asyncpg in one transaction.

Left out: routing, the token, the fingerprint, validation, the rules, building the event, ids for logs, metrics.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import orjson
import uvicorn
import uvloop
from uuid_utils.compat import uuid7

from tests.bench.replay import Pattern, Text


class Endpoint(NamedTuple):
    """A captured endpoint. `response`: body of each response; `number_digits`: length of a reference number."""

    dsn: str
    server_settings: Mapping[str, str]
    pool: int
    patterns: Sequence[Pattern]
    response: Text
    number_digits: int


class BareApp:
    """An ASGI application that replays the statements; it opens its connections when the server starts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.numbers = itertools.count()
        self.connections: asyncio.LifoQueue[asyncpg.Connection] = asyncio.LifoQueue()

    async def open(self) -> None:
        for _ in range(self.endpoint.pool):
            connection = await asyncpg.connect(
                self.endpoint.dsn, server_settings=dict(self.endpoint.server_settings)
            )
            self.connections.put_nowait(connection)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        values = values_of(
            dict(scope["headers"]), (await receive())["body"], self.endpoint.number_digits, self.numbers
        )
        await self.execute(values)
        body = self.endpoint.response.fill(values)
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return None

    async def execute(self, values: Mapping[str, str]) -> None:
        connection = await self.connections.get()
        try:
            for pattern in self.endpoint.patterns:
                if pattern.parameters:
                    await connection.fetch(pattern.sql, *pattern.fill(values))
                else:
                    await connection.execute(pattern.sql)
        finally:
            self.connections.put_nowait(connection)

    async def lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def values_of(
    headers: Mapping[bytes, bytes], body: bytes, digits: int, numbers: "itertools.count[int]"
) -> dict[str, str]:
    """Return the values of a request's patterns."""
    request = {"key": headers[b"idempotency-key"].decode(), "company": orjson.loads(body)["company_id"]}
    fresh = {"fresh-1": str(uuid7()), "fresh-2": str(uuid7())}
    return request | fresh | {"number": f"{next(numbers):0{digits}}"}


def serve(endpoint: Endpoint, port: int) -> None:
    """Serve the endpoint until the process is terminated."""
    server = uvicorn.Server(
        uvicorn.Config(
            BareApp(endpoint), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=5
        )
    )
    uvloop.run(server.serve())
