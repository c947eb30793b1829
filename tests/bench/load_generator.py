"""Load generator: keep-alive connections that send prebuilt requests, in a process of their own."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import uvloop

END, CONTENT_LENGTH = b"\r\n\r\n", b"content-length:"


class Response(NamedTuple):
    """The response to a request, and the seconds it took."""

    status: int
    body: bytes
    seconds: float


class Responses(NamedTuple):
    """Responses in the order of the requests, and the seconds of all together."""

    each: list[Response]
    seconds: float

    @property
    def statuses(self) -> Counter[int]:
        return Counter(response.status for response in self.each)

    @property
    def per_second(self) -> float:
        return len(self.each) / self.seconds


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Encode a POST request."""
    headers = headers | {
        "Host": "bench",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get(path: str) -> bytes:
    """Encode a GET request with the host of a browser on this machine."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class Client(asyncio.Protocol):
    """One connection: sends the next request after the whole response to the one before."""

    def __init__(self, requests: Iterator[tuple[int, bytes]], responses: dict[int, Response]) -> None:
        self.requests, self.responses = requests, responses
        self.done = asyncio.get_running_loop().create_future()
        self.received = bytearray()
        self.expected_length: int | None = None  # bytes of head and body, known once the head has arrived

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.number, request = next(self.requests, (-1, b""))
        if not request:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.expected_length is None and (head := self.received.find(END)) >= 0:
            self.head = bytes(self.received[:head])
            self.expected_length = head + len(END) + content_length(self.head)
        if self.expected_length is not None and len(self.received) >= self.expected_length:
            body = bytes(self.received[len(self.head) + len(END) :])
            seconds = time.perf_counter() - self.began
            self.responses[self.number] = Response(int(self.head[9:12]), body, seconds)
            self.received.clear()
            self.expected_length = None
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_result(None)


def content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(CONTENT_LENGTH)
    return int(rest.split(b"\r\n", 1)[0])


async def send_all(port: int, requests: Sequence[bytes], connections: int) -> Responses:
    queue, responses = enumerate(requests), dict[int, Response]()
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    connecting = [
        loop.create_connection(lambda: Client(queue, responses), "127.0.0.1", port)
        for _ in range(connections)
    ]
    clients = [client for _, client in await asyncio.gather(*connecting)]
    await asyncio.gather(*(client.done for client in clients))
    return Responses([responses[number] for number in sorted(responses)], time.perf_counter() - began)


def run(port: int, requests: Sequence[bytes], connections: int) -> Responses:
    """Send all requests and return their responses; called in a process of its own."""
    return uvloop.run(send_all(port, requests, connections))
