"""Fold a batch of records into all projections of a service, and write the changes in the caller's transaction.

A record that cannot be decoded or folded is dead-lettered in the same transaction, and the fold goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import orjson

from shared.database.transaction import Connection
from shared.errors import Malformed
from shared.events import Event
from shared.events.upcasting import Upcaster
from shared.messaging.kafka import Record
from shared.messaging.subscriptions import Subscriptions, refuse_wrong_source
from shared.projections.projection import Collector, DecodedEvent, Projection
from shared.projections.watermarks import DecodedRecord, Watermarks

Item = TypeVar("Item")
StoreDeadLetter = Callable[[Connection, Record, Exception], Awaitable[None]]
UNREADABLE = (Malformed, ValueError, KeyError, TypeError, AttributeError)
YIELD_EVERY = 50  # records decoded, or events folded, before other tasks run


class Subscription(NamedTuple):
    """An event type that some projection subscribes to, and the collectors that fold it.

    `upcaster`: of an earlier version, which is folded as the newest.
    """

    event: type[Event]
    type: str
    source: bytes
    collectors: Sequence[Collector]
    upcaster: Upcaster | None = None


class BatchFolder:
    """The projections of one service, with the states that they hold in memory.

    It subscribes to our own topics only, whose events were validated when they were emitted. While it is `validating`,
    after a failure, each event is validated again and folded by itself.
    """

    def __init__(self, projections: Sequence[Projection], dead_letter: StoreDeadLetter) -> None:
        self.dead_letter = dead_letter
        self.collectors = [collector for projection in projections for collector in projection.collectors()]
        events = {event for projection in projections for event in projection.subscribes_to}
        self.subscriptions = Subscriptions(events)
        self.by_type = {
            type: self.subscription(event, self.subscriptions.upcasters.get(type))
            for type, event in self.subscriptions.types.items()
        }
        self.by_header = {type.encode(): found for type, found in self.by_type.items()}
        self.watermarks = Watermarks()
        self.rejected: list[tuple[Record, Exception]] = []
        self.validating = False

    def subscription(self, event: type[Event], upcaster: Upcaster | None) -> Subscription:
        collectors = [collector for collector in self.collectors if event in collector.subscribes_to]
        return Subscription(event, event.type(), event.source.encode(), collectors, upcaster)

    def reset(self) -> None:
        """Discard the states in memory: the transaction did not commit, or the partitions were reassigned."""
        self.watermarks.reset()
        self.rejected = []
        for collector in self.collectors:
            collector.reset()

    async def apply(self, connection: Connection, records: Sequence[Record]) -> Sequence[DecodedEvent]:
        """Fold the records and write what changed; return the events that were new.

        Raises whatever a fold raises, with part of the records in memory: the caller must `reset`, and may fold them
        again while `validating`.
        """
        events = await self.fold(connection, records)
        await self.save(connection)
        return events

    async def fold(self, connection: Connection, records: Sequence[Record]) -> Sequence[DecodedEvent]:
        """Fold the records in memory, after loading the states that are missing there; return the new events."""
        decoded: list[DecodedRecord] = []
        async for part in in_slices(records):
            decoded += self.decode_all(part)
        await self.watermarks.load(connection, [event for _, event in decoded])
        new = self.watermarks.select_new(decoded)
        events = [event for _, event in new]
        by_collector = self.events_by_collector(events)
        for collector, own in by_collector.items():
            await collector.load(connection, own)
        if self.validating:
            async for pairs in in_slices(new):
                self.rejected += [
                    (record, error) for record, event in pairs if (error := self.fold_one(event))
                ]
        else:
            for collector, own in by_collector.items():
                async for own_part in in_slices(own):
                    collector.collect(own_part)
        return events

    def events_by_collector(self, events: Iterable[DecodedEvent]) -> dict[Collector, list[DecodedEvent]]:
        """Return the events of each collector that subscribes to any of them."""
        own: dict[Collector, list[DecodedEvent]] = {collector: [] for collector in self.collectors}
        append = {
            type: [own[collector].append for collector in subscription.collectors]
            for type, subscription in self.by_type.items()
        }
        for event in events:
            for append_to_collector in append[event.type]:
                append_to_collector(event)
        return {collector: part for collector, part in own.items() if part}

    async def save(self, connection: Connection) -> None:
        """Write the dead letters, the collectors' changes and the watermarks."""
        rejected, self.rejected = self.rejected, []
        for record, error in rejected:
            await self.dead_letter(connection, record, error)
        for collector in self.collectors:
            if changes := collector.drain():
                await collector.save(connection, changes)
        await self.watermarks.save(connection)

    def decode_all(self, records: Sequence[Record]) -> list[DecodedRecord]:
        """Return the records that are subscribed to and can be decoded; those that cannot be are rejected."""
        decoded = []
        for record in records:
            try:
                if event := self.decode(record):
                    decoded.append((record, event))
            except Malformed as error:
                self.rejected.append((record, error))
            except UNREADABLE as error:
                self.rejected.append((record, Malformed(unreadable(error))))
        return decoded

    def decode(self, record: Record) -> DecodedEvent | None:
        """Return the record's event in its newest version, None without a subscription.

        Decoded without a model, which would take half of a projector's time (docs/decisions). Raises Malformed, or one
        of UNREADABLE.
        """
        headers = dict(record.headers)
        if (subscription := self.by_header.get(headers["ce_type"])) is None:
            self.subscriptions.event_type(headers["ce_type"].decode())
            return None
        event, upcaster, source = subscription.event, subscription.upcaster, headers["ce_source"]
        if source != subscription.source or record.topic != event.topic:
            refuse_wrong_source(event, source.decode(), record.topic)
        data = orjson.loads(record.value or b"")
        if self.validating:
            (upcaster.earlier if upcaster else event).model_validate_json(record.value or b"")
        if upcaster:
            data = upcaster.upcast(data)
        authid = headers.get("ce_authid")
        return DecodedEvent(
            subscription.type,
            event.source,
            headers["ce_id"].decode(),
            headers["ce_subject"].decode(),
            int(headers["ce_sequence"]),
            data["occurred_on"],
            headers["ce_time"].decode(),
            data,
            authid.decode() if authid else None,
        )

    def fold_one(self, event: DecodedEvent) -> Exception | None:
        """Fold an event into every projection that subscribes to it; or into none, and return the error."""
        collectors = self.by_type[event.type].collectors
        try:
            for collector in collectors:
                collector.fold(event)
        except Exception as error:
            return error
        for collector in collectors:
            collector.collect([event])
        return None


async def in_slices(items: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
    """Yield the items in slices; other tasks run before each."""
    for first in range(0, len(items), YIELD_EVERY):
        await asyncio.sleep(0)
        yield items[first : first + YIELD_EVERY]


def unreadable(error: Exception) -> str:
    return f"읽을 수 없는 사건입니다({type(error).__name__}) / an event that cannot be read: {error}"
