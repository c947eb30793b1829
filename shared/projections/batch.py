"""Records into all projections: folded in memory, then written within the caller's transaction.

A record that cannot be read or folded goes to the dead letters in the same transaction, and the fold goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from shared.database.engine import Connection, Reader
from shared.errors import Malformed
from shared.events import Event
from shared.messaging.kafka import Record
from shared.messaging.subscriptions import Hearing, refuse_wrong_sender
from shared.projections.projection import Collector, Fact, Projection
from shared.projections.watermarks import Marked, Marks, Read

Item = TypeVar("Item")
Bury = Callable[[Connection, Record, Exception], Awaitable[None]]
UNREADABLE = (Malformed, ValueError, KeyError, TypeError, AttributeError)
AT_ONCE = 50  # records read, or facts taken, before others have their turn


class Heard(NamedTuple):
    """An event type that some projection hears, and what gathers it."""

    event: type[Event]
    type: str
    source: bytes
    collectors: Sequence[Collector]


Dead = tuple[Record, Exception]
"""A record that could not be read or folded, and why."""


class Folded(NamedTuple):
    """What was folded in memory, to be written."""

    dead: Sequence[Dead]
    changes: Sequence[tuple[Collector, Any]]
    marks: Marked


class Folding:
    """The projections of one service. It hears our own topics only, whose events were checked when they
    were emitted; while it is `suspicious`, after something failed, each is checked again, and folded by itself."""

    def __init__(self, projections: Sequence[Projection], bury: Bury) -> None:
        self.bury = bury
        self.collectors = [one for projection in projections for one in projection.collectors()]
        self.hearing = Hearing({event for projection in projections for event in projection.hears})
        self.heard = {
            type: Heard(
                event, type, event.source.encode(), [one for one in self.collectors if event in one.hears]
            )
            for type, event in self.hearing.types.items()
        }
        self.by_header = {type.encode(): heard for type, heard in self.heard.items()}
        self.marks = Marks()
        self.dead: list[Dead] = []
        self.suspicious = False

    def forget(self) -> None:
        """What is held in memory; for the caller whose transaction did not commit, or who is no longer the owner."""
        self.marks.clear()
        self.dead = []
        for collector in self.collectors:
            collector.forget()

    async def apply(self, connection: Connection, records: Sequence[Record]) -> Sequence[Fact]:
        """All at once: the facts that were new."""
        facts = await self.fold(connection, records)
        await self.save(connection, self.hand_over())
        return facts

    async def fold(self, connection: Reader, records: Sequence[Record]) -> Sequence[Fact]:
        """In memory: the facts that were new; `connection` is for what is not there yet. Raises what a fold
        raises, with part of the records in memory: to be forgotten, and folded again while `suspicious`."""
        read: list[Read] = []
        async for some in parts(records):
            read += self.read(some)
        await self.marks.load(connection, [fact for _, fact in read])
        new = self.marks.new(read)
        facts = [fact for _, fact in new]
        concerned = self.concerned(facts)
        for collector, own in concerned.items():
            await collector.load(connection, own)
        if self.suspicious:
            async for checked in parts(new):
                self.dead += [(record, error) for record, fact in checked if (error := self.fold_one(fact))]
        else:
            for collector, own in concerned.items():
                async for part in parts(own):
                    collector.take(part)
        return facts

    def concerned(self, facts: Iterable[Fact]) -> dict[Collector, list[Fact]]:
        """Who hears some of them, and which."""
        own: dict[Collector, list[Fact]] = {collector: [] for collector in self.collectors}
        append = {
            type: [own[collector].append for collector in heard.collectors]
            for type, heard in self.heard.items()
        }
        for fact in facts:
            for to_one in append[fact.type]:
                to_one(fact)
        return {collector: some for collector, some in own.items() if some}

    def hand_over(self) -> Folded:
        """What is to be written; from now on others may be folded."""
        dead, self.dead = self.dead, []
        changes = [(one, given) for one in self.collectors if (given := one.hand_over())]
        return Folded(dead, changes, self.marks.hand_over())

    async def save(self, connection: Connection, folded: Folded) -> None:
        for record, error in folded.dead:
            await self.bury(connection, record, error)
        for collector, given in folded.changes:
            await collector.save(connection, given)
        await self.marks.save(connection, folded.marks)

    def read(self, records: Sequence[Record]) -> list[Read]:
        """What is heard and can be read."""
        read = []
        for record in records:
            try:
                if fact := self.fact(record):
                    read.append((record, fact))
            except Malformed as error:
                self.dead.append((record, error))
            except UNREADABLE as error:
                self.dead.append((record, Malformed(unreadable(error))))
        return read

    def fact(self, record: Record) -> Fact | None:
        """Decoded without a model: half of a projector's time would go there (docs/decisions)."""
        headers = dict(record.headers)
        if (heard := self.by_header.get(headers["ce_type"])) is None:
            self.hearing.event_of(headers["ce_type"].decode())
            return None
        event, source = heard.event, headers["ce_source"]
        if source != heard.source or record.topic != event.topic:
            refuse_wrong_sender(event, source.decode(), record.topic)
        data = orjson.loads(record.value or b"")
        if self.suspicious:
            event.model_validate_json(record.value or b"")
        authid = headers.get("ce_authid")
        return Fact(
            heard.type,
            event.source,
            headers["ce_id"].decode(),
            headers["ce_subject"].decode(),
            int(headers["ce_sequence"]),
            data["occurred_on"],
            headers["ce_time"].decode(),
            data,
            authid.decode() if authid else None,
        )

    def fold_one(self, fact: Fact) -> Exception | None:
        """Into every projection, or into none and why."""
        collectors = self.heard[fact.type].collectors
        try:
            for collector in collectors:
                collector.fold(fact)
        except Exception as error:
            return error
        for collector in collectors:
            collector.take([fact])
        return None


async def parts(of: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
    """Others have their turn before each."""
    for first in range(0, len(of), AT_ONCE):
        await asyncio.sleep(0)
        yield of[first : first + AT_ONCE]


def unreadable(error: Exception) -> str:
    return f"읽을 수 없는 사건입니다({type(error).__name__}) / an event that cannot be read: {error}"
