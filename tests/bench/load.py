"""The load: so many keep-alive connections of a process of its own send requests that were built before."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import uvloop

END, LENGTH = b"\r\n\r\n", b"content-length:"


class Answer(NamedTuple):
    """What came for one request, and the seconds it took."""

    status: int
    body: bytes
    waited: float


class Answers(NamedTuple):
    """In the order of the requests, and the seconds of all."""

    each: list[Answer]
    seconds: float

    @property
    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in self.each)

    @property
    def a_second(self) -> float:
        return len(self.each) / self.seconds


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    named = headers | {"Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get(path: str) -> bytes:
    """A GET, as a browser on this machine asks."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class Client(asyncio.Protocol):
    """One connection: a request, its whole answer, the next request."""

    def __init__(self, requests: Iterator[tuple[int, bytes]], answers: dict[int, Answer]) -> None:
        self.requests, self.answers = requests, answers
        self.done = asyncio.get_running_loop().create_future()
        self.got = bytearray()
        self.whole: int | None = None  # bytes of head and body, as soon as the head is there

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.number, wanted = next(self.requests, (-1, b""))
        if not wanted:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(wanted)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if self.whole is None and (head := self.got.find(END)) >= 0:
            self.head = bytes(self.got[:head])
            self.whole = head + len(END) + length(self.head)
        if self.whole is not None and len(self.got) >= self.whole:
            body = bytes(self.got[len(self.head) + len(END) :])
            waited = time.perf_counter() - self.began
            self.answers[self.number] = Answer(int(self.head[9:12]), body, waited)
            self.got.clear()
            self.whole = None
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_result(None)


def length(head: bytes) -> int:
    _, _, rest = head.lower().partition(LENGTH)
    return int(rest.split(b"\r\n", 1)[0])


async def send_all(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    left, answers = enumerate(requests), dict[int, Answer]()
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    made = [
        loop.create_connection(lambda: Client(left, answers), "127.0.0.1", port) for _ in range(connections)
    ]
    clients = [client for _, client in await asyncio.gather(*made)]
    await asyncio.gather(*(client.done for client in clients))
    return Answers([answers[number] for number in sorted(answers)], time.perf_counter() - began)


def run(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    """What the process does: to be called in one."""
    return uvloop.run(send_all(port, requests, connections))
