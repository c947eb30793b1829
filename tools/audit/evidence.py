"""What the checks look at: tables, topics and offsets of one and the same quiet moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from tools.audit.databases import Books, Logged, opened
from tools.audit.snapshot import Moment, Watcher
from tools.audit.target import Target
from tools.audit.topic_reader import PARTITIONS, Seen, read_all

GRACE_SECONDS = 60.0
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Evidence:
    """`logged` are each service's events, `records` those on the topics; `is_still`: nothing moved meanwhile.

    Also in motion nothing is accused that was only not there yet: offsets (`moment`) were taken before the
    tables, the tables before the topics.
    """

    target: Target
    books: Books
    logged: Mapping[str, Sequence[Logged]]
    records: Sequence[Seen]
    moment: Moment
    is_still: bool

    async def rows(self, service: str, sql: str, *parameters: Any) -> Sequence[Any]:
        """Rows of a question to one service's schema."""
        return await self.books.rows(service, sql, *parameters)

    def events(self, service: str, *names: str) -> Iterator[Logged]:
        """The service's events of these names (such as tranche.approved), in order."""
        return (event for event in self.logged[service] if event.name in names)

    def published(self) -> Iterator[Seen]:
        """The records that stood on the topics before the tables were read."""
        return (one for one in self.records if one.offset < self.moment.ends[one.at])


@asynccontextmanager
async def gathered(target: Target, grace_seconds: float = GRACE_SECONDS) -> AsyncIterator[Evidence]:
    """Taken once everything is quiet; after so many seconds as it stands, which the check of liveness tells."""
    deadline = time.monotonic() + grace_seconds
    async with watching(target) as watcher:
        while True:
            await _quiet(watcher, deadline)
            async with AsyncExitStack() as stack:
                evidence = await _taken(target, watcher, stack)
                if evidence.is_still or time.monotonic() > deadline:
                    yield evidence
                    return


async def _quiet(watcher: Watcher, deadline: float) -> None:
    while time.monotonic() < deadline:
        if (await watcher.look()).is_quiet:
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def _taken(target: Target, watcher: Watcher, stack: AsyncExitStack) -> Evidence:
    before = await watcher.look()
    books = await stack.enter_async_context(opened(target.owners, snapshot=True))
    logged = {service: await books.logged(service) for service in target.owners}
    records = await read_all(target.kafka)
    after = await watcher.look()
    return Evidence(target, books, logged, records, before, is_still=before == after)


@asynccontextmanager
async def watching(target: Target) -> AsyncIterator[Watcher]:
    """Connections over which it can be seen whether anything still moves."""
    async with AsyncExitStack() as stack:
        books = await stack.enter_async_context(opened(target.owners, snapshot=False))
        reader = AIOKafkaConsumer(bootstrap_servers=target.kafka, enable_auto_commit=False)
        kafka = await stack.enter_async_context(reader)
        kafka.assign(PARTITIONS)  # what it does not know it would ask for one by one
        kafka.pause(*PARTITIONS)
        admin = AIOKafkaAdminClient(bootstrap_servers=target.kafka)
        await admin.start()
        stack.push_async_callback(admin.close)
        yield Watcher(books, kafka, admin)
