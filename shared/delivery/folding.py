"""A batch of records into all projections, within the caller's transaction.

A record that cannot be read or folded goes to the dead letters in the same transaction, and the fold goes on.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import orjson

from shared.db import Connection
from shared.delivery.hearing import Hearing, refuse_wrong_sender
from shared.delivery.kafka import Record
from shared.delivery.marks import Marks
from shared.delivery.projection import Collector, Fact, Projection
from shared.errors import Malformed
from shared.events import Event

Bury = Callable[[Connection, Record, Exception], Awaitable[None]]
UNREADABLE = (Malformed, ValueError, KeyError, TypeError, AttributeError)


class Heard(NamedTuple):
    """An event type that some projection hears, and what gathers it."""

    event: type[Event]
    type: str
    collectors: Sequence[Collector]


class Folding:
    """The projections of one service. It hears our own topics only, whose events were checked when they
    were emitted; while it is `suspicious`, after a batch failed, each is checked again."""

    def __init__(self, projections: Sequence[Projection], bury: Bury) -> None:
        self.bury = bury
        self.collectors = [one for projection in projections for one in projection.collectors()]
        self.hearing = Hearing({event for projection in projections for event in projection.hears})
        self.heard = {
            type: Heard(event, type, [one for one in self.collectors if event in one.hears])
            for type, event in self.hearing.types.items()
        }
        self.by_header = {type.encode(): heard for type, heard in self.heard.items()}
        self.marks = Marks()
        self.suspicious = False

    def forget(self) -> None:
        """What is held in memory; for the caller whose transaction did not commit, or who is no longer the owner."""
        self.marks.clear()
        for collector in self.collectors:
            collector.forget()

    async def apply(self, connection: Connection, records: Iterable[Record]) -> list[Fact]:
        """The facts that were new."""
        read = [(record, fact) for record in records if (fact := await self.read(connection, record))]
        await self.marks.load(connection, (fact for _, fact in read))
        new = [(record, fact) for record, fact in read if self.marks.is_new(fact)]
        facts = [fact for _, fact in new]
        await self.load(connection, facts)
        for record, fact in new:
            if error := self.fold(fact):
                await self.bury(connection, record, error)
        for collector in self.collectors:
            await collector.save(connection)
        await self.marks.save(connection)
        return facts

    async def load(self, connection: Connection, facts: Sequence[Fact]) -> None:
        concerned: dict[Collector, list[Fact]] = defaultdict(list)
        for fact in facts:
            for collector in self.heard[fact.type].collectors:
                concerned[collector].append(fact)
        for collector, some in concerned.items():
            await collector.load(connection, some)

    async def read(self, connection: Connection, record: Record) -> Fact | None:
        try:
            return self.fact(record)
        except UNREADABLE as error:
            await self.bury(
                connection, record, error if isinstance(error, Malformed) else Malformed(unreadable(error))
            )
            return None

    def fact(self, record: Record) -> Fact | None:
        """Decoded without a model: half of a projector's time would go there (docs/decisions)."""
        headers = dict(record.headers)
        if (heard := self.by_header.get(headers["ce_type"])) is None:
            self.hearing.event_of(headers["ce_type"].decode())
            return None
        source = headers["ce_source"].decode()
        refuse_wrong_sender(heard.event, source, record.topic)
        data = orjson.loads(record.value or b"")
        if self.suspicious:
            heard.event.model_validate_json(record.value or b"")
        authid = headers.get("ce_authid")
        return Fact(
            heard.type,
            source,
            headers["ce_id"].decode(),
            headers["ce_subject"].decode(),
            int(headers["ce_sequence"]),
            data["occurred_on"],
            headers["ce_time"].decode(),
            data,
            authid.decode() if authid else None,
        )

    def fold(self, fact: Fact) -> Exception | None:
        """Into every projection, or into none and why."""
        collectors = self.heard[fact.type].collectors
        try:
            changes = [collector.fold(fact) for collector in collectors]
        except Exception as error:
            return error
        for collector, change in zip(collectors, changes, strict=True):
            collector.take(change)
        return None


def unreadable(error: Exception) -> str:
    return f"읽을 수 없는 사건입니다({type(error).__name__}) / an event that cannot be read: {error}"
