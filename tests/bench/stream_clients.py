"""Open pages in a process of their own: connections to the live stream that note each position and its arrival."""

import asyncio
import time
from urllib.parse import urlsplit

import uvloop

from tests.bench import child_process

Arrivals = list[tuple[int, float]]
"""Positions pushed to a page, with the time of arrival (monotonic: one clock for all processes)."""


async def follow(url: str, arrivals: Arrivals, opened: asyncio.Event) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    assert b" 200 " in await reader.readline()
    opened.set()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            arrivals.append((int(line[6:]), time.monotonic()))


async def main() -> None:
    arguments = child_process.arguments()
    pages: list[Arrivals] = [[] for _ in range(arguments["pages"])]
    opened = [asyncio.Event() for _ in pages]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(follow(arguments["url"], arrivals, event))
            for arrivals, event in zip(pages, opened, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in opened))
        child_process.send(opened=len(pages))
        await child_process.wait_for_end()
        for task in tasks:
            task.cancel()
    child_process.send(arrivals=pages)


if __name__ == "__main__":
    uvloop.run(main())
