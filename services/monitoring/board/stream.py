"""Live pages: a server-sent event to each open page when projections have changed, at most twice a second."""

import asyncio
from collections.abc import AsyncGenerator

import structlog
from fastapi import FastAPI
from sse_starlette import ServerSentEvent

from shared.database.engine import Database

log = structlog.get_logger()

CHANNEL = "projected"
POLL_SECONDS = 5.0
MIN_INTERVAL_SECONDS = 0.5
POLLS_PER_CONNECTION = 60
POSITION_QUERY = "select coalesce(sum(next), 0)::bigint as position from projection_offset"


class ChangeStream:
    """One listener a process for all open pages: prompt by NOTIFY, reliable by polling every few seconds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.position = -1
        self.changed = asyncio.Condition()
        self.open_pages = 0
        self.task: asyncio.Task[None] | None = None

    async def events(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield an event after each change of the projections, until the page is closed."""
        self.page_opened()
        try:
            seen = self.position
            while True:
                is_first, seen = seen < 0, await self.next_position(seen)
                if not is_first:
                    yield ServerSentEvent(event="changed", data=str(seen))
        finally:
            self.page_closed()

    async def next_position(self, seen: int) -> int:
        """Wait for a position other than the one seen, and return it."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.position != seen)
            return self.position

    def page_opened(self) -> None:
        self.open_pages += 1
        if self.task is None:
            self.task = asyncio.create_task(self.listen_until_cancelled())

    def page_closed(self) -> None:
        """Count a page less; the last one closes the listener's connection as well."""
        self.open_pages -= 1
        if self.open_pages == 0 and self.task is not None:
            self.task.cancel()
            self.task, self.position = None, -1

    async def listen_until_cancelled(self) -> None:
        while True:
            try:
                await self.listen()
            except Exception as error:
                log.warning("stream.listener_lost", reason=repr(error))
                await asyncio.sleep(POLL_SECONDS)

    async def listen(self) -> None:
        """Listen for some minutes on one connection; a silently lost one is thereby replaced before long."""
        async with self.database.listen(CHANNEL) as notified:
            for _ in range(POLLS_PER_CONNECTION):
                await self.poll()
                await asyncio.sleep(MIN_INTERVAL_SECONDS)
                try:
                    await asyncio.wait_for(notified.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue
                notified.clear()

    async def poll(self) -> None:
        async with self.database.transaction() as transaction:
            position = await transaction.value(POSITION_QUERY)
        async with self.changed:
            self.position = position
            self.changed.notify_all()


def change_stream(app: FastAPI) -> ChangeStream:
    """Return the app's stream, created with the first open page, as it belongs to the running event loop."""
    if not hasattr(app.state, "change_stream"):
        app.state.change_stream = ChangeStream(app.state.database)
    stream: ChangeStream = app.state.change_stream
    return stream
