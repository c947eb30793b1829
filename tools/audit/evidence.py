"""Evidence of the checks: tables, topics and offsets of one quiet moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import orjson

from tools.audit.database import Database
from tools.audit.database import snapshot as database_snapshot
from tools.audit.gathering import gather
from tools.audit.snapshot import Snapshot, Watcher, watching
from tools.audit.store import Store
from tools.audit.target import Target

GRACE_SECONDS = 60.0
PAUSE_SECONDS = 0.5

EVENT = "service, id, source, subject, sequence, name, occurred_on, case_id, cause, correlation, actor, data"


@dataclass(frozen=True)
class Event:
    """An event as the log of its service has it; `name` without prefix and version, `occurred_on` as text."""

    service: str
    id: str
    source: str
    subject: str
    sequence: int
    name: str
    occurred_on: str
    case_id: str | None
    cause: str | None
    correlation: str | None
    actor: str | None
    data: str

    @cached_property
    def body(self) -> dict[str, Any]:
        return dict(orjson.loads(self.data))

    @property
    def step(self) -> str:
        """The last word of the name, such as approved."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Evidence:
    """`database` is a snapshot of all schemas, `store` the joined copy; `is_still`: nothing moved meanwhile.

    In motion nothing is reported that had only not arrived yet: offsets (`snapshot`) were taken before the
    tables, the tables before the topics.
    """

    target: Target
    database: Database
    store: Store
    snapshot: Snapshot
    is_still: bool

    def events(self, *names: str) -> Iterator[Event]:
        """Yield our events of these names (such as tranche.approved), in order of their log."""
        return self.select(f"name in ({_places(names)}) order by service, position", *names)

    def cases(self, *names: str) -> Iterator[tuple[str, Sequence[Event]]]:
        """Yield each case with its events (of these names, if any), by service and number; cases in order of id."""
        named = f"name in ({_places(names)})" if names else "true"
        ordered = f"{named} and case_id is not null order by case_id, service, subject, sequence"
        for case_id, events in groupby(self.select(ordered, *names), lambda event: event.case_id):
            yield str(case_id), list(events)

    def select(self, where: str, *parameters: str) -> Iterator[Event]:
        """Yield our events by a condition on the store's table `event`."""
        return (
            Event(*row) for row in self.store.query(f"select {EVENT} from event where {where}", *parameters)
        )

    @cached_property
    def definitions(self) -> Mapping[tuple[str, int], Mapping[str, Any]]:
        """Each programme's definition by its id and version."""
        bodies = (event.body for event in self.events("programme.published"))
        return {(body["programme_id"], body["version"]): body["definition"] for body in bodies}


def _places(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


@asynccontextmanager
async def gathered(target: Target, grace_seconds: float = GRACE_SECONDS) -> AsyncIterator[Evidence]:
    """Gather once everything is quiet; after the grace as it stands, which the check of liveness reports."""
    deadline = time.monotonic() + grace_seconds
    async with watching(target) as watcher:
        while True:
            await _wait_until_quiet(watcher, deadline)
            async with AsyncExitStack() as stack:
                evidence = await _gather(target, watcher, stack)
                if evidence.is_still or time.monotonic() > deadline:
                    yield evidence
                    return


async def _wait_until_quiet(watcher: Watcher, deadline: float) -> None:
    while time.monotonic() < deadline:
        if (await watcher.take()).is_quiet:
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def _gather(target: Target, watcher: Watcher, stack: AsyncExitStack) -> Evidence:
    before = await watcher.take()
    database = await stack.enter_async_context(database_snapshot(target.database_url))
    store = await gather(database, target.kafka, watcher.partitions)
    stack.callback(store.close)
    after = await watcher.take()
    return Evidence(target, database, store, before, is_still=before == after)
