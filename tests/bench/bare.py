"""The limit of an endpoint: the same web server, the same statements on bare asyncpg in one transaction, and nothing else.

It leaves out: routing, the token, the fingerprint, validation, the rules, building the event, ids for logs, metrics.
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
    """`answer` is the body of each answer; `number` is how long a receipt number is."""

    dsn: str
    server_settings: Mapping[str, str]
    pool: int
    patterns: Sequence[Pattern]
    answer: Text
    number: int


class App:
    """An ASGI application; its connections are opened when the server starts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.counted = itertools.count()
        self.connections: asyncio.LifoQueue[asyncpg.Connection] = asyncio.LifoQueue()

    async def open(self) -> None:
        for _ in range(self.endpoint.pool):
            connection = await asyncpg.connect(
                self.endpoint.dsn, server_settings=dict(self.endpoint.server_settings)
            )
            self.connections.put_nowait(connection)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await self.live(receive, send)
        values = named(dict(scope["headers"]), (await receive())["body"], self.endpoint.number, self.counted)
        await self.execute(values)
        body = self.endpoint.answer.put(values)
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return None

    async def execute(self, values: Mapping[str, str]) -> None:
        connection = await self.connections.get()
        try:
            for pattern in self.endpoint.patterns:
                if pattern.parameters:
                    await connection.fetch(pattern.sql, *pattern.put(values))
                else:
                    await connection.execute(pattern.sql)
        finally:
            self.connections.put_nowait(connection)

    async def live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def named(
    headers: Mapping[bytes, bytes], body: bytes, number: int, counted: "itertools.count[int]"
) -> dict[str, str]:
    """What differs from request to request."""
    given = {"key": headers[b"idempotency-key"].decode(), "company": orjson.loads(body)["company_id"]}
    return given | {"fresh-1": str(uuid7()), "fresh-2": str(uuid7()), "number": f"{next(counted):0{number}}"}


def serve(endpoint: Endpoint, port: int) -> None:
    """What the process does: to be called in one."""
    server = uvicorn.Server(
        uvicorn.Config(
            App(endpoint), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=5
        )
    )
    uvloop.run(server.serve())
