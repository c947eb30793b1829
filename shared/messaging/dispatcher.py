"""One record to its handler: inbox, writes and events in one transaction; or parked, or buried."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.config import Settings
from shared.database.engine import Database, is_transient
from shared.errors import BusinessError, Malformed, PrerequisiteMissing
from shared.events import Event, RecordDeadLettered
from shared.messaging import cloudevents, dead_letters, inbox, parking
from shared.messaging.burial import dead_letter
from shared.messaging.cloudevents import Envelope
from shared.messaging.kafka import Record, is_internal, topic_partition
from shared.messaging.parking import ParkedRecord
from shared.messaging.spans import handling
from shared.messaging.subscriptions import Subscriptions, refuse_wrong_source
from shared.observability import tracing
from shared.observability.logs import correlated
from shared.observability.metrics import CIRCUIT_OPEN, HANDLE_SECONDS, RECORDS
from shared.values.calendar import refuse_future

log = structlog.get_logger()

Handler = Callable[[AsyncSession, Any, Envelope], Awaitable[None]]
Handlers = Mapping[type[Event], Handler]


class AttemptsExhausted(Exception):
    """The record was begun as often as we try, and never came to an end."""


class CircuitOpen(Exception):
    """Too many records in a row fail: nothing is given up until that ends."""


class Dispatcher:
    """A service's handlers. `told` is the event by which it tells of a record that it gave up."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        dead_letter_event: type[RecordDeadLettered],
        settings: Settings,
    ) -> None:
        self.database, self.handlers, self.dead_letter_event, self.settings = (
            database,
            handlers,
            dead_letter_event,
            settings,
        )
        self.subscriptions = Subscriptions(handlers)
        self.consecutive_dead_letters = 0
        self.has_parked = False
        CIRCUIT_OPEN.labels(database.schema).set(0)

    async def handle(self, record: Record) -> str:
        """What became of the record: handled, duplicate, skipped or parked; or it raises."""
        envelope, data = cloudevents.read(record.headers, record.value)
        if (event_type := self.subscriptions.event_type(envelope.type)) is None:
            return "skipped"
        refuse_wrong_source(event_type, envelope.source, record.topic)
        event = event_type.model_validate_json(data)
        refuse_future(event.occurred_on)
        try:
            async with self.database.transaction() as session:
                outcome = await self.handle_in_key_order(session, record, envelope, event, data)
        except PrerequisiteMissing as reason:
            outcome = await self.park(record, reason)
        if outcome == "handled":
            self.consecutive_dead_letters = 0
            CIRCUIT_OPEN.labels(self.database.schema).set(0)
        return outcome

    async def handle_in_key_order(
        self, session: AsyncSession, record: Record, envelope: Envelope, event: Event, data: bytes
    ) -> str:
        if self.has_parked and await parking.has_predecessor(session, record):
            await parking.park(session, record, "앞선 사건이 기다리고 있습니다 / an earlier record waits")
            return "parked"
        return await self.handle_once(session, record, envelope, event, data)

    async def handle_once(
        self, session: AsyncSession, record: Record, envelope: Envelope, event: Event, data: bytes
    ) -> str:
        with (
            correlated(**correlation_of(envelope)),
            HANDLE_SECONDS.labels(self.database.schema, envelope.type).time(),
            handling(self.database.schema, record, envelope),
        ):
            if not await inbox.is_first_delivery(session, envelope, data):
                tracing.set_attribute("ieum.outcome", "duplicate")
                return "duplicate"
            await self.handlers[type(event)](session, event, envelope)
            return "handled"

    async def is_in_effect(self, record: Record) -> bool:
        """Whether an earlier delivery was committed."""
        envelope, _ = cloudevents.read(record.headers, record.value)
        async with self.database.transaction() as session:
            return await inbox.is_processed(session, envelope)

    # Parked records: tried again as events arrive and by the clock, each key from its head on.

    async def park(self, record: Record, reason: PrerequisiteMissing) -> str:
        async with self.database.transaction() as session:
            await parking.park(session, record, str(reason))
        self.has_parked = True
        log.info("record.parked", place=topic_partition(record), offset=record.offset, reason=str(reason))
        return "parked"

    async def refresh_parked(self) -> None:
        """Also what another life or instance of this service has parked."""
        async with self.database.transaction() as session:
            self.has_parked = bool(await parking.parked_keys(session))

    async def retry_parked(self) -> None:
        async with self.database.transaction() as session:
            keys = await parking.parked_keys(session)
        for topic, key in keys:
            while await self.retry_head(topic, key):
                pass
        await self.refresh_parked()

    async def retry_head(self, topic: str, key: bytes | None) -> bool:
        """Whether the key's head was settled, so that the next one may be tried."""
        record: ParkedRecord | None = None
        try:
            async with self.database.transaction() as session:
                if (record := await parking.take_head(session, topic, key)) is None:
                    return False
                envelope, data = cloudevents.read(record.headers, record.value)
                event = self.subscriptions.types[envelope.type].model_validate_json(data)
                outcome = await self.handle_once(session, record, envelope, event, data)
            RECORDS.labels(self.database.schema, record.topic, outcome).inc()
            return True
        except Exception as error:
            return record is not None and await self.handle_retry_failure(record, error)

    async def handle_retry_failure(self, record: ParkedRecord, error: Exception) -> bool:
        """Still too early, or away: it stays. Past its deadline: dead letter, with its followers in order."""
        if is_transient(error):
            return False
        if isinstance(error, PrerequisiteMissing) and record.waited_seconds < self.settings.parking_seconds:
            return False
        async with self.database.transaction() as session:
            if (
                not is_permanent(error)
                and await dead_letters.count(session, record) < self.settings.delivery_attempts
            ):
                return False
            late = isinstance(error, PrerequisiteMissing)
            while (head := await parking.take_head(session, record.topic, record.key)) is not None:
                await self.store_dead_letter(session, head, error)
                RECORDS.labels(self.database.schema, head.topic, "dead").inc()
                if not late:
                    break
        return True

    # Dead letters.

    async def dead_letter(self, record: Record, error: Exception) -> None:
        """A dead letter, unless the line is stopped."""
        if is_internal(record) and self.circuit_reason():
            raise CircuitOpen from error
        async with self.database.transaction() as session:
            await self.store_dead_letter(session, record, error)

    async def store_dead_letter(self, session: AsyncSession, record: Record, error: Exception) -> None:
        if await dead_letter(session, self.dead_letter_event, "consumer", record, error):
            self.consecutive_dead_letters += is_internal(record)
            CIRCUIT_OPEN.labels(self.database.schema).set(bool(self.circuit_reason()))

    def circuit_reason(self) -> str | None:
        if self.consecutive_dead_letters < self.settings.dead_letters_before_stop:
            return None
        return (
            f"사건 {self.consecutive_dead_letters}건을 연달아 처리하지 못해 멈췄습니다 / the line is stopped"
        )


def is_permanent(error: Exception) -> bool:
    """Reading or asking again will not help."""
    return isinstance(error, Malformed | ValidationError | BusinessError | AttemptsExhausted)


def correlation_of(envelope: Envelope) -> dict[str, str | None]:
    return {
        "causationid": envelope.id,
        "correlationid": envelope.correlationid or envelope.id,
        "traceparent": envelope.traceparent,
        "authtype": envelope.authtype,
        "authid": envelope.authid,
    }
