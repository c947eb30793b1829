"""The load: so many keep-alive connections of a process of its own send requests that were built before."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import uvloop

END, LENGTH = b"\r\n\r\n", b"content-length:"


class Answers(NamedTuple):
    """How many of each status, and the seconds of each request and of all."""

    statuses: Counter[int]
    each: list[float]
    seconds: float

    @property
    def a_second(self) -> float:
        return len(self.each) / self.seconds


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    named = headers | {"Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Client(asyncio.Protocol):
    """One connection: a request, its whole answer, the next request."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int], each: list[float]) -> None:
        self.requests, self.statuses, self.each = requests, statuses, each
        self.done = asyncio.get_running_loop().create_future()
        self.got = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if (wanted := next(self.requests, None)) is None:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(wanted)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, found, body = self.got.partition(END)
        if found and len(body) >= length(head):
            self.each.append(time.perf_counter() - self.began)
            self.statuses[int(head[9:12])] += 1
            self.got = b""
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_result(None)


def length(head: bytes) -> int:
    _, _, rest = head.lower().partition(LENGTH)
    return int(rest.split(b"\r\n", 1)[0])


async def send_all(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    left, statuses, each = iter(requests), Counter[int](), list[float]()
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    made = [
        loop.create_connection(lambda: Client(left, statuses, each), "127.0.0.1", port)
        for _ in range(connections)
    ]
    clients = [client for _, client in await asyncio.gather(*made)]
    await asyncio.gather(*(client.done for client in clients))
    return Answers(statuses, each, time.perf_counter() - began)


def run(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    """What the process does: to be called in one."""
    return uvloop.run(send_all(port, requests, connections))
