"""Context of every request: its correlation in logs and events, its duration, and the limit of its body."""

import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from shared.observability import tracing
from shared.observability.metrics import REQUEST_SECONDS
from shared.web.http import BODY_LIMIT
from shared.web.problems import problem

CORRELATION_ID = re.compile(rb"^[\w.:-]{1,100}$", re.ASCII)
TRACEPARENT = re.compile(rb"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")


class RequestContext:
    """ASGI middleware, which leaves streams unbuffered."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        structlog.contextvars.clear_contextvars()
        with structlog.contextvars.bound_contextvars(service=self.service, **correlation_attributes(headers)):
            if is_too_large(headers):
                return await answer_too_large(scope, receive, send)
            await self.timed(scope, receive, send)
        return None

    async def timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, started = 500, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                correlation = structlog.contextvars.get_contextvars()["correlationid"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", correlation.encode())]
            await send(message)

        try:
            await self.app(scope, limited(receive), sending)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - started
            REQUEST_SECONDS.labels(self.service, scope["method"], route, str(status)).observe(seconds)


def correlation_attributes(headers: MutableMapping[bytes, bytes]) -> dict[str, str]:
    """Return the caller's correlation id, or a new one, and the request's traceparent: its span's, or the caller's.

    Neither is taken from the caller unless it is well-formed.
    """
    correlation_id = headers.get(b"x-correlation-id", b"")
    attributes = {
        "correlationid": correlation_id.decode() if CORRELATION_ID.match(correlation_id) else str(uuid7())
    }
    if (current := tracing.current_traceparent()) is not None:
        attributes["traceparent"] = current
    elif TRACEPARENT.match(traceparent := headers.get(b"traceparent", b"")):
        attributes["traceparent"] = traceparent.decode()
    return attributes


def is_too_large(headers: MutableMapping[bytes, bytes]) -> bool:
    length = headers.get(b"content-length", b"0")
    return not length.isdigit() or int(length) > BODY_LIMIT


async def answer_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    ko = f"본문이 {BODY_LIMIT:,}바이트보다 큽니다. 나누어 보내세요."
    await problem(413, "body_too_large", ko, f"The body is larger than {BODY_LIMIT:,} bytes.")(
        scope, receive, send
    )


def limited(receive: Receive) -> Receive:
    """Cut off a body without a content-length at the limit, which leaves no valid JSON."""
    size = 0

    async def receiving() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= BODY_LIMIT else {"type": "http.disconnect"}

    return receiving
