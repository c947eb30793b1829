"""Proxy between Kafka's clients and brokers that can drop acknowledgements and records which ones were required."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
from aiokafka import client

PRODUCE = 0  # api key of a request that appends records
CONNECTION_ENDED = (asyncio.IncompleteReadError, ConnectionError)


class KafkaProxy(AsyncExitStack):
    """A proxy on loopback for each broker; it drops `acks_to_drop` acknowledgements and breaks the connection instead.

    `required_acks` has the acknowledgements that each produce request requires: -1 for all in-sync replicas.
    """

    def __init__(self, acks_to_drop: int = 0) -> None:
        super().__init__()
        self.acks_to_drop, self.dropped_acks = acks_to_drop, 0
        self.required_acks: list[int] = []
        self.ports: dict[tuple[str, int], int] = {}
        self.connect = client.create_conn

    async def create_conn(self, host: str, port: int, **options: Any) -> Any:
        """Replacement of aiokafka's function: connect to the broker through its proxy."""
        if (host, port) not in self.ports:
            server = await asyncio.start_server(partial(self.relay_connection, host, port), "127.0.0.1", 0)
            await self.enter_async_context(server)
            self.ports[host, port] = server.sockets[0].getsockname()[1]
        return await self.connect("127.0.0.1", self.ports[host, port], **options)

    async def relay_connection(
        self, host: str, port: int, reader: StreamReader, writer: StreamWriter
    ) -> None:
        responses, broker = await asyncio.open_connection(host, port)
        produced: set[bytes] = set()
        await asyncio.gather(
            self.forward_requests(reader, broker, produced),
            self.forward_responses(responses, writer, produced),
        )

    async def forward_requests(
        self, reader: StreamReader, broker: StreamWriter, produced: set[bytes]
    ) -> None:
        async for request in frames(reader):
            if signed_int(request[:2]) == PRODUCE:
                produced.add(request[4:8])
                self.required_acks.append(required_acks_of(request))
            write_frame(broker, request)
        broker.close()

    async def forward_responses(
        self, responses: StreamReader, writer: StreamWriter, produced: set[bytes]
    ) -> None:
        async for response in frames(responses):
            if response[:4] in produced and self.acks_to_drop:
                self.acks_to_drop, self.dropped_acks = self.acks_to_drop - 1, self.dropped_acks + 1
                break
            write_frame(writer, response)
        writer.close()


@asynccontextmanager
async def kafka_proxy(monkeypatch: pytest.MonkeyPatch, acks_to_drop: int = 0) -> AsyncIterator[KafkaProxy]:
    """Connect every Kafka client through the proxy during the block."""
    async with KafkaProxy(acks_to_drop) as proxy:
        with monkeypatch.context() as patch:
            patch.setattr(client, "create_conn", proxy.create_conn)
            yield proxy


async def frames(reader: StreamReader) -> AsyncIterator[bytes]:
    """Yield requests or responses, each without its length, until the connection ends."""
    with suppress(*CONNECTION_ENDED):
        while True:
            yield await reader.readexactly(signed_int(await reader.readexactly(4)))


def write_frame(writer: StreamWriter, frame: bytes) -> None:
    writer.write(len(frame).to_bytes(4, "big") + frame)


def required_acks_of(request: bytes) -> int:
    """Return the acks field of a produce request.

    It follows api key, version, correlation id, client id and transactional id (two nullable strings).
    """
    at = 8
    for _ in range(2):
        at += 2 + max(0, signed_int(request[at : at + 2]))
    return signed_int(request[at : at + 2])


def signed_int(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)
