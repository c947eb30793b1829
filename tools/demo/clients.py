"""Clients of a running stack: HTTP with a token for each actor, and a producer for other systems' events."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaProducer

from tools.demo.steps import Actor
from tools.demo.wire import Record
from tools.devstack import status, tokens
from tools.devstack.state import State

Mint = Callable[[str, str], str]
MAX_CONNECTIONS = 16


@dataclass(frozen=True)
class Addresses:
    """URLs of the services by name, Kafka's bootstrap servers, and a function from (subject, role) to a token."""

    apis: Mapping[str, str]
    kafka: str
    mint: Mint


def stack_addresses(state: State) -> Addresses:
    """Return the addresses of the stack that runs on this state folder; raises StackError when none does."""
    now = status.read(state)
    return Addresses(
        now.apis,
        now.kafka["bootstrap"],
        lambda subject, role: tokens.mint(state, subject, [role], minutes=60),
    )


@dataclass
class Clients:
    """One connection pool and one producer for the whole play."""

    addresses: Addresses
    http: httpx.AsyncClient
    producer: AIOKafkaProducer
    tokens: dict[Actor, str] = field(default_factory=dict)

    def token(self, actor: Actor) -> str:
        if actor not in self.tokens:
            self.tokens[actor] = self.addresses.mint(actor.subject, actor.role)
        return self.tokens[actor]

    async def ask(
        self, method: str, service: str, path: str, actor: Actor, *, key: str = "", body: Any = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(actor)}"}
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        content = None if body is None else orjson.dumps(body)
        url = f"{self.addresses.apis[service]}{path}"
        return await self.http.request(method, url, headers=headers, content=content)

    async def publish(self, record: Record) -> None:
        """Send the record and wait for the broker's acknowledgement."""
        await self.producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)


@asynccontextmanager
async def connected(addresses: Addresses) -> AsyncIterator[Clients]:
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka, acks="all", linger_ms=5)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as http:
        await producer.start()
        try:
            yield Clients(addresses, http, producer)
        finally:
            await producer.stop()
