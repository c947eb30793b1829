"""Live pages: who has a page open is told when projections have moved, at most twice a second."""

import asyncio
from collections.abc import AsyncGenerator

import structlog
from fastapi import FastAPI
from sse_starlette import ServerSentEvent

from shared.database.engine import Database, fetch

log = structlog.get_logger()

CHANNEL = "projected"
LOOK_SECONDS = 5.0
REST_SECONDS = 0.5
LOOKS = 60
POSITION = "select coalesce(sum(next), 0)::bigint as position from projection_offset"


class Changes:
    """One listener a process for all open pages. NOTIFY makes it prompt; looking every few seconds makes it sure."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.position = -1
        self.moved = asyncio.Condition()
        self.pages = 0
        self.task: asyncio.Task[None] | None = None

    async def of_page(self) -> AsyncGenerator[ServerSentEvent, None]:
        """An event each time that something was folded, as long as the page is open."""
        self.open()
        try:
            seen = self.position
            while True:
                first, seen = seen < 0, await self.moved_from(seen)
                if not first:
                    yield ServerSentEvent(event="changed", data=str(seen))
        finally:
            self.close()

    async def moved_from(self, seen: int) -> int:
        """The next position that is another one."""
        async with self.moved:
            await self.moved.wait_for(lambda: self.position != seen)
            return self.position

    def open(self) -> None:
        self.pages += 1
        if self.task is None:
            self.task = asyncio.create_task(self.watch())

    def close(self) -> None:
        """The last page closes the listener's connection as well."""
        self.pages -= 1
        if self.pages == 0 and self.task is not None:
            self.task.cancel()
            self.task, self.position = None, -1

    async def watch(self) -> None:
        while True:
            try:
                await self.listen()
            except Exception as error:
                log.warning("stream.listener_lost", reason=repr(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def listen(self) -> None:
        """For some minutes, then with a new connection: one that was lost in silence is not missed for long."""
        async with self.database.listen(CHANNEL) as heard:
            for _ in range(LOOKS):
                await self.look()
                await asyncio.sleep(REST_SECONDS)
                try:
                    await asyncio.wait_for(heard.wait(), LOOK_SECONDS)
                except TimeoutError:
                    continue
                heard.clear()

    async def look(self) -> None:
        async with self.database.asyncpg_transaction() as connection:
            [row] = await fetch(connection, POSITION)
        async with self.moved:
            self.position = row["position"]
            self.moved.notify_all()


def changes(app: FastAPI) -> Changes:
    """Made with the first open page: it belongs to the process's own loop."""
    if not hasattr(app.state, "changes"):
        app.state.changes = Changes(app.state.database)
    found: Changes = app.state.changes
    return found
