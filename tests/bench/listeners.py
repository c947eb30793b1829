"""Open pages, in a process of their own: plain connections to the live stream that note what came and when."""

import asyncio
import time
from urllib.parse import urlsplit

import uvloop

from tests.bench import child

Came = list[tuple[int, float]]
"""The position that a page was told of, and when (monotonic, the same clock in every process)."""


async def listen(url: str, came: Came, opened: asyncio.Event) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    assert b" 200 " in await reader.readline()
    opened.set()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            came.append((int(line[6:]), time.monotonic()))


async def main() -> None:
    given = child.given()
    pages: list[Came] = [[] for _ in range(given["pages"])]
    opened = [asyncio.Event() for _ in pages]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(listen(given["url"], came, event))
            for came, event in zip(pages, opened, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in opened))
        child.answer(opened=len(pages))
        await child.told_to_finish()
        for task in tasks:
            task.cancel()
    child.answer(came=pages)


if __name__ == "__main__":
    uvloop.run(main())
