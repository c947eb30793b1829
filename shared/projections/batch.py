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
from shared.messaging.subscriptions import Subscriptions, refuse_wrong_source
from shared.projections.projection import Collector, DecodedEvent, Projection
from shared.projections.watermarks import ReadEvent, WatermarkChanges, Watermarks

Item = TypeVar("Item")
DeadLetterRecord = Callable[[Connection, Record, Exception], Awaitable[None]]
UNREADABLE = (Malformed, ValueError, KeyError, TypeError, AttributeError)
YIELD_EVERY = 50  # records read, or facts taken, before others have their turn


class SubscribedEvent(NamedTuple):
    """An event type that some projection hears, and what gathers it."""

    event: type[Event]
    type: str
    source: bytes
    collectors: Sequence[Collector]


RejectedRecord = tuple[Record, Exception]
"""A record that could not be read or folded, and why."""


class BatchChanges(NamedTuple):
    """What was folded in memory, to be written."""

    dead_letters: Sequence[RejectedRecord]
    changes: Sequence[tuple[Collector, Any]]
    watermarks: WatermarkChanges


class BatchFolder:
    """The projections of one service. It hears our own topics only, whose events were checked when they
    were emitted; while it is `suspicious`, after something failed, each is checked again, and folded by itself."""

    def __init__(self, projections: Sequence[Projection], bury: DeadLetterRecord) -> None:
        self.dead_letter = bury
        self.collectors = [one for projection in projections for one in projection.collectors()]
        self.subscriptions = Subscriptions(
            {event for projection in projections for event in projection.subscribes_to}
        )
        self.by_type = {
            type: SubscribedEvent(
                event,
                type,
                event.source.encode(),
                [one for one in self.collectors if event in one.subscribes_to],
            )
            for type, event in self.subscriptions.types.items()
        }
        self.by_header = {type.encode(): heard for type, heard in self.by_type.items()}
        self.watermarks = Watermarks()
        self.rejected: list[RejectedRecord] = []
        self.validating = False

    def reset(self) -> None:
        """What is held in memory; for the caller whose transaction did not commit, or who is no longer the owner."""
        self.watermarks.reset()
        self.rejected = []
        for collector in self.collectors:
            collector.reset()

    async def apply(self, connection: Connection, records: Sequence[Record]) -> Sequence[DecodedEvent]:
        """All at once: the facts that were new."""
        facts = await self.fold(connection, records)
        await self.save(connection, self.drain())
        return facts

    async def fold(self, connection: Reader, records: Sequence[Record]) -> Sequence[DecodedEvent]:
        """In memory: the facts that were new; `connection` is for what is not there yet. Raises what a fold
        raises, with part of the records in memory: to be forgotten, and folded again while `suspicious`."""
        read: list[ReadEvent] = []
        async for some in in_slices(records):
            read += self.read(some)
        await self.watermarks.load(connection, [fact for _, fact in read])
        new = self.watermarks.select_new(read)
        facts = [fact for _, fact in new]
        concerned = self.events_by_collector(facts)
        for collector, own in concerned.items():
            await collector.load(connection, own)
        if self.validating:
            async for checked in in_slices(new):
                self.rejected += [
                    (record, error) for record, fact in checked if (error := self.fold_one(fact))
                ]
        else:
            for collector, own in concerned.items():
                async for part in in_slices(own):
                    collector.collect(part)
        return facts

    def events_by_collector(self, facts: Iterable[DecodedEvent]) -> dict[Collector, list[DecodedEvent]]:
        """Who hears some of them, and which."""
        own: dict[Collector, list[DecodedEvent]] = {collector: [] for collector in self.collectors}
        append = {
            type: [own[collector].append for collector in heard.collectors]
            for type, heard in self.by_type.items()
        }
        for fact in facts:
            for to_one in append[fact.type]:
                to_one(fact)
        return {collector: some for collector, some in own.items() if some}

    def drain(self) -> BatchChanges:
        """What is to be written; from now on others may be folded."""
        dead, self.rejected = self.rejected, []
        changes = [(one, given) for one in self.collectors if (given := one.drain())]
        return BatchChanges(dead, changes, self.watermarks.drain())

    async def save(self, connection: Connection, folded: BatchChanges) -> None:
        for record, error in folded.dead_letters:
            await self.dead_letter(connection, record, error)
        for collector, given in folded.changes:
            await collector.save(connection, given)
        await self.watermarks.save(connection, folded.watermarks)

    def read(self, records: Sequence[Record]) -> list[ReadEvent]:
        """What is heard and can be read."""
        read = []
        for record in records:
            try:
                if fact := self.decode(record):
                    read.append((record, fact))
            except Malformed as error:
                self.rejected.append((record, error))
            except UNREADABLE as error:
                self.rejected.append((record, Malformed(unreadable(error))))
        return read

    def decode(self, record: Record) -> DecodedEvent | None:
        """Decoded without a model: half of a projector's time would go there (docs/decisions)."""
        headers = dict(record.headers)
        if (heard := self.by_header.get(headers["ce_type"])) is None:
            self.subscriptions.event_type(headers["ce_type"].decode())
            return None
        event, source = heard.event, headers["ce_source"]
        if source != heard.source or record.topic != event.topic:
            refuse_wrong_source(event, source.decode(), record.topic)
        data = orjson.loads(record.value or b"")
        if self.validating:
            event.model_validate_json(record.value or b"")
        authid = headers.get("ce_authid")
        return DecodedEvent(
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

    def fold_one(self, fact: DecodedEvent) -> Exception | None:
        """Into every projection, or into none and why."""
        collectors = self.by_type[fact.type].collectors
        try:
            for collector in collectors:
                collector.fold(fact)
        except Exception as error:
            return error
        for collector in collectors:
            collector.collect([fact])
        return None


async def in_slices(of: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
    """Others have their turn before each."""
    for first in range(0, len(of), YIELD_EVERY):
        await asyncio.sleep(0)
        yield of[first : first + YIELD_EVERY]


def unreadable(error: Exception) -> str:
    return f"읽을 수 없는 사건입니다({type(error).__name__}) / an event that cannot be read: {error}"
