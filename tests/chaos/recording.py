"""Recording clients: they retry a request under its key until it is answered, and write it to the history."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.chaos.history import History, Operation, digest, now, what_of
from tools.demo.clients import Addresses, Clients
from tools.demo.steps import Actor
from tools.demo.wire import Record

LIMIT_SECONDS = 300.0
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0
ANSWER_SECONDS = 15.0
AT_ONCE = 64
PRIVATE = ("email", "phone")


@dataclass(frozen=True)
class Request:
    """A request, sent each time with the same bytes."""

    method: str
    service: str
    path: str
    actor: Actor
    key: str = ""
    body: Any = None

    def operation(self) -> Operation:
        """Return its operation before any answer; contacts stay out of the history."""
        shown = {name: value for name, value in (self.body or {}).items() if name not in PRIVATE}
        made = Operation("command", str(uuid4()), what_of(self.path), sent_at=now(), body=shown)
        return replace(made, actor=self.actor.subject, key=self.key, service=self.service, path=self.path)


@dataclass(kw_only=True)
class RecordingClients(Clients):
    """The demo's clients with a history; a request is retried for `limit_seconds`."""

    history: History
    limit_seconds: float = LIMIT_SECONDS

    async def ask(
        self, method: str, service: str, path: str, actor: Actor, *, key: str = "", body: Any = None
    ) -> httpx.Response:
        request = Request(method, service, path, actor, key, body)
        if method == "GET":
            return await self._until_answered(lambda: self._send(request, str(uuid4())))
        return await self._recorded(request, self.limit_seconds)

    async def hang_up(self, request: Request, after_seconds: float) -> httpx.Response | None:
        """Send once and stop waiting after so many seconds; the outcome is unknown then."""
        try:
            async with asyncio.timeout(after_seconds):
                return await self._recorded(request, limit_seconds=0)
        except (TimeoutError, httpx.TransportError):
            return None

    async def publish(self, record: Record) -> None:
        """Publish until the broker has the record, and write its position to the history."""
        headers = dict(record.headers)
        made = Operation(
            "event", headers["ce_id"].decode(), headers["ce_type"].decode(), sent_at=now(), topic=record.topic
        )
        done = replace(made, body=orjson.loads(record.value), attempts=1)
        try:
            at = await self._until_acknowledged(record)
            done = replace(done, outcome="ok", answered_at=now(), partition=at.partition, offset=at.offset)
        finally:
            self.history.write(done)

    async def _recorded(self, request: Request, limit_seconds: float) -> httpx.Response:
        operation = request.operation()

        async def attempt() -> httpx.Response:
            nonlocal operation
            operation = replace(operation, attempts=operation.attempts + 1)
            return await self._send(request, operation.id)

        try:
            response = await self._until_answered(attempt, limit_seconds)
            operation = answered(operation, response)
        finally:
            self.history.write(operation)
        return response

    async def _send(self, request: Request, correlation: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(request.actor)}", "X-Correlation-Id": correlation}
        if request.key:
            headers |= {"Idempotency-Key": request.key, "Content-Type": "application/json"}
        content = None if request.body is None else orjson.dumps(request.body)
        url = f"{self.addresses.apis[request.service]}{request.path}"
        return await self.http.request(request.method, url, headers=headers, content=content)

    async def _until_answered(
        self, attempt: Callable[[], Awaitable[httpx.Response]], limit_seconds: float | None = None
    ) -> httpx.Response:
        """Retry while the server is away, fails (5xx) or asks to wait (Retry-After), until the time limit."""
        limit = self.limit_seconds if limit_seconds is None else limit_seconds
        deadline, pause = time.monotonic() + limit, PAUSE_SECONDS
        while True:
            try:
                response = await attempt()
                if not is_retryable(response) or time.monotonic() > deadline:
                    return response
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)

    async def _until_acknowledged(self, record: Record) -> Any:
        deadline = time.monotonic() + self.limit_seconds
        while True:
            try:
                return await self.producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=record.headers
                )
            except KafkaError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)


def is_retryable(response: httpx.Response) -> bool:
    return response.is_server_error or "retry-after" in response.headers


def answered(operation: Operation, response: httpx.Response) -> Operation:
    """Return the operation with its answer; a server error leaves the outcome unknown."""
    received: dict[str, Any] = {"status": response.status_code, "answered_at": now()}
    if response.is_server_error:
        return replace(operation, **received)
    if not response.is_success:
        return replace(operation, outcome="refused", rule=response.json().get("rule"), **received)
    result = response.json()
    return replace(operation, outcome="ok", answer=digest(response.content), result=result, **received)


@asynccontextmanager
async def connected(
    addresses: Addresses, history: History, limit_seconds: float = LIMIT_SECONDS
) -> AsyncIterator[RecordingClients]:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka, acks="all", linger_ms=5)
    async with httpx.AsyncClient(limits=limits, timeout=ANSWER_SECONDS, trust_env=False) as http:
        await producer.start()
        try:
            yield RecordingClients(addresses, http, producer, history=history, limit_seconds=limit_seconds)
        finally:
            await producer.stop()
