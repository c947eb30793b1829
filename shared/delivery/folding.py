"""A batch of records into all projections, within the caller's transaction.

A record that cannot be read or folded goes to the dead letters in the same transaction, and the fold goes on.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import orjson

from shared.db import Connection
from shared.delivery.hearing import Hearing, refuse_wrong_sender
from shared.delivery.kafka import Record
from shared.delivery.marks import Marks
from shared.delivery.projection import Fact, Projection
from shared.errors import Malformed

Bury = Callable[[Connection, Record, Exception], Awaitable[None]]


class Folding:
    """The projections of one service. It hears our own topics only, whose events were checked when they
    were emitted; while it is `suspicious`, after a batch failed, each is checked again."""

    def __init__(self, projections: Sequence[Projection], bury: Bury) -> None:
        self.projections, self.bury = projections, bury
        self.hearing = Hearing({event for projection in projections for event in projection.hears})
        self.marks = Marks()
        self.suspicious = False

    async def apply(self, connection: Connection, records: Iterable[Record]) -> list[Fact]:
        """The facts that were new. The caller clears `marks` when its transaction does not commit."""
        read = [(record, fact) for record in records if (fact := await self.read(connection, record))]
        await self.marks.load(connection, (fact for _, fact in read))
        new = [(record, fact) for record, fact in read if self.marks.is_new(fact)]
        facts = [fact for _, fact in new]
        collected = [await projection.load(connection, facts) for projection in self.projections]
        for record, fact in new:
            await self.fold(connection, collected, record, fact)
        for projection, rows in zip(self.projections, collected, strict=True):
            await projection.save(connection, rows)
        await self.marks.save(connection)
        return facts

    async def read(self, connection: Connection, record: Record) -> Fact | None:
        try:
            return self.fact(record)
        except (Malformed, ValueError, KeyError, TypeError, AttributeError) as error:
            await self.bury(
                connection, record, error if isinstance(error, Malformed) else Malformed(unreadable(error))
            )
            return None

    def fact(self, record: Record) -> Fact | None:
        """Decoded without a model: half of a projector's time would go there (docs/decisions)."""
        headers = dict(record.headers)
        type = headers["ce_type"].decode()
        if (event := self.hearing.event_of(type)) is None:
            return None
        source = headers["ce_source"].decode()
        refuse_wrong_sender(event, source, record.topic)
        data = orjson.loads(record.value or b"")
        if self.suspicious:
            event.model_validate_json(record.value or b"")
        authid = headers.get("ce_authid")
        return Fact(
            type,
            source,
            headers["ce_id"].decode(),
            headers["ce_subject"].decode(),
            int(headers["ce_sequence"]),
            data["occurred_on"],
            headers["ce_time"].decode(),
            data,
            authid.decode() if authid else None,
        )

    async def fold(
        self, connection: Connection, collected: Sequence[object], record: Record, fact: Fact
    ) -> None:
        """Into every projection or into none."""
        pairs = list(zip(self.projections, collected, strict=True))
        try:
            changes = [projection.fold(rows, fact) for projection, rows in pairs]
        except Exception as error:
            return await self.bury(connection, record, error)
        for (projection, rows), change in zip(pairs, changes, strict=True):
            projection.take(rows, change)
        return None


def unreadable(error: Exception) -> str:
    return f"읽을 수 없는 사건입니다({type(error).__name__}) / an event that cannot be read: {error}"
