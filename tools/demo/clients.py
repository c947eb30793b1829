"""How the story reaches what runs: HTTP with a token for each actor, and a producer for the other systems."""

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
AT_ONCE = 16


@dataclass(frozen=True)
class Addresses:
    """Where things are, and who gives tokens for a subject and a role."""

    apis: Mapping[str, str]
    kafka: str
    mint: Mint


def addresses_of(state: State) -> Addresses:
    """Those of the stack that runs on this folder; raises StackError when none does."""
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
    minted: dict[Actor, str] = field(default_factory=dict)

    def token(self, actor: Actor) -> str:
        if actor not in self.minted:
            self.minted[actor] = self.addresses.mint(actor.subject, actor.role)
        return self.minted[actor]

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
        """Returns when the broker has it."""
        await self.producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)


@asynccontextmanager
async def connected(addresses: Addresses) -> AsyncIterator[Clients]:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka, acks="all", linger_ms=5)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as http:
        await producer.start()
        try:
            yield Clients(addresses, http, producer)
        finally:
            await producer.stop()
