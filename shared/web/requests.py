"""Around every request: what it is called in logs and events, how long it took, and how large it may be."""

import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from shared.observability import tracing
from shared.observability.metrics import REQUEST_SECONDS
from shared.observability.tracing import Span, SpanKind
from shared.web.http import BODY_LIMIT
from shared.web.problems import problem

CORRELATION_ID = re.compile(rb"^[\w.:-]{1,100}$", re.ASCII)
TRACEPARENT = re.compile(rb"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
UNTRACED_PATHS = {"/healthz", "/readyz", "/metrics"}  # no trace is begun for these


class RequestContext:
    """Pure ASGI, so that streams stay streams."""

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
            await self.traced(scope, receive, send)
        return None

    async def traced(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not tracing.is_on() or scope["path"] in UNTRACED_PATHS:
            return await self.timed(scope, receive, send)
        parent = structlog.contextvars.get_contextvars().get("traceparent")
        said = {"http.request.method": scope["method"], "url.scheme": scope["scheme"]}
        with tracing.span(f"HTTP {scope['method']}", SpanKind.SERVER, parent, said) as span:
            return await self.timed(scope, receive, send, span)

    async def timed(
        self, scope: Scope, receive: Receive, send: Send, span: Span = tracing.INVALID_SPAN
    ) -> None:
        status, began = 500, time.perf_counter()

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
            seconds = time.perf_counter() - began
            REQUEST_SECONDS.labels(self.service, scope["method"], route, str(status)).observe(seconds)
            describe_span(span, scope["method"], route, status)


def describe_span(span: Span, method: str, route: str, status: int) -> None:
    """The route, not the path or the query: those may name somebody."""
    span.update_name(f"HTTP {method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        tracing.set_error(span, str(status))


def correlation_attributes(headers: MutableMapping[bytes, bytes]) -> dict[str, str]:
    """The caller's correlation id and trace where they are well-formed; else a new id."""
    given = headers.get(b"x-correlation-id", b"")
    found = {"correlationid": given.decode() if CORRELATION_ID.match(given) else str(uuid7())}
    if TRACEPARENT.match(trace := headers.get(b"traceparent", b"")):
        found["traceparent"] = trace.decode()
    return found


def is_too_large(headers: MutableMapping[bytes, bytes]) -> bool:
    length = headers.get(b"content-length", b"0")
    return not length.isdigit() or int(length) > BODY_LIMIT


async def answer_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    ko = f"본문이 {BODY_LIMIT:,}바이트보다 큽니다. 나누어 보내세요."
    await problem(413, "body_too_large", ko, f"The body is larger than {BODY_LIMIT:,} bytes.")(
        scope, receive, send
    )


def limited(receive: Receive) -> Receive:
    """A body without a stated length is cut off at the limit: what is left is no longer JSON."""
    size = 0

    async def receiving() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= BODY_LIMIT else {"type": "http.disconnect"}

    return receiving
