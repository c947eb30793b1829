"""Dispatch one record to its handler: inbox, writes and events in one transaction; or park it, or dead-letter it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from pydantic import ValidationError

from shared.config import MessagingSettings
from shared.database.engine import Database, is_transient
from shared.database.transaction import Transaction
from shared.errors import BusinessError, Malformed, PrerequisiteMissing
from shared.events import Event, RecordDeadLettered
from shared.messaging import cloudevents, dead_letters, inbox, parking
from shared.messaging.circuit_breaker import CircuitBreaker, CircuitOpen
from shared.messaging.cloudevents import Envelope
from shared.messaging.kafka import Record, is_internal, topic_partition
from shared.messaging.parking import ParkedRecord
from shared.messaging.poison_records import PoisonDetector
from shared.messaging.spans import handling
from shared.messaging.subscriptions import Subscriptions, refuse_wrong_source
from shared.observability import tracing
from shared.observability.logs import correlated
from shared.observability.metrics import HANDLE_SECONDS, RECORDS
from shared.values.clock import refuse_future

log = structlog.get_logger()

Handler = Callable[[Transaction, Any, Envelope], Awaitable[None]]
Handlers = Mapping[type[Event], Handler]


class AttemptsExhausted(Exception):
    """The record was begun as often as the limit allows, and its handling never ended."""

    def __init__(self, attempts: int) -> None:
        super().__init__(
            f"처리 중에 프로세스가 {attempts}번 끝났습니다 / the process ended {attempts} times in its handling"
        )


class Dispatcher:
    """The handlers of one service and what happens to a record that they cannot handle."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        dead_letter_event: type[RecordDeadLettered],
        settings: MessagingSettings,
    ) -> None:
        self.database, self.handlers, self.settings = database, handlers, settings
        self.dead_letter_event = dead_letter_event
        self.subscriptions = Subscriptions(handlers)
        self.poison = PoisonDetector(database, "consumer", settings.consumer_batch)
        self.circuit = CircuitBreaker(database.schema, settings.dead_letters_before_stop)

    async def handle(self, record: Record) -> str:
        """Handle one record and return its outcome: handled, duplicate, skipped or parked.

        Raises Malformed, ValidationError or a BusinessError for a record that can never be handled, and whatever the
        handler raises.
        """
        envelope, data = cloudevents.read(record.headers, record.value)
        if (event_type := self.subscriptions.event_type(envelope.type)) is None:
            return "skipped"
        refuse_wrong_source(event_type, envelope.source, record.topic)
        event = self.subscriptions.parse(envelope.type, data)
        refuse_future(event.occurred_on)
        try:
            async with self.database.transaction() as transaction:
                outcome = await self.handle_in_key_order(transaction, record, envelope, event, data)
        except PrerequisiteMissing as reason:
            outcome = await self.park(record, reason)
        if outcome == "handled":
            self.circuit.close()
        return outcome

    async def handle_in_key_order(
        self, transaction: Transaction, record: Record, envelope: Envelope, event: Event, data: bytes
    ) -> str:
        """Handle the record, or park it behind an earlier parked record of its key."""
        if await parking.has_predecessor(transaction, record):
            await parking.park(transaction, record, "앞선 사건이 기다리고 있습니다 / an earlier record waits")
            return "parked"
        return await self.handle_once(transaction, record, envelope, event, data)

    async def handle_once(
        self, transaction: Transaction, record: Record, envelope: Envelope, event: Event, data: bytes
    ) -> str:
        """Claim the event in the inbox and call its handler in the caller's transaction; skip a second delivery."""
        with (
            correlated(**correlation_of(envelope)),
            HANDLE_SECONDS.labels(self.database.schema, envelope.type).time(),
            handling(self.database.schema, record, envelope),
        ):
            if not await inbox.is_first_delivery(transaction, envelope, data):
                tracing.set_attribute("ieum.outcome", "duplicate")
                return "duplicate"
            await self.handlers[type(event)](transaction, event, envelope)
            return "handled"

    async def is_handled(self, record: Record) -> bool:
        """Return whether an earlier delivery of the record was committed."""
        envelope, _ = cloudevents.read(record.headers, record.value)
        async with self.database.transaction() as transaction:
            return await inbox.is_handled(transaction, envelope)

    # Parked records: retried as events arrive and by the clock, each key from its first record on.

    async def park(self, record: Record, reason: PrerequisiteMissing) -> str:
        """Park the record in a transaction of its own, after the handler's was rolled back."""
        async with self.database.transaction() as transaction:
            await parking.park(transaction, record, str(reason))
        log.info("record.parked", partition=topic_partition(record), offset=record.offset, reason=str(reason))
        return "parked"

    async def retry_parked(self) -> None:
        """Retry the first record of each key, and the next ones as long as the one before was finished."""
        async with self.database.transaction() as transaction:
            keys = await parking.parked_keys(transaction)
        for topic, key in keys:
            while await self.retry_head(topic, key):
                pass

    async def retry_head(self, topic: str, key: bytes | None) -> bool:
        """Retry the first parked record of a key; return whether it is finished, so that the next may be tried."""
        record: ParkedRecord | None = None
        try:
            async with self.database.transaction() as transaction:
                if (record := await parking.take_head(transaction, topic, key)) is None:
                    return False
                envelope, data = cloudevents.read(record.headers, record.value)
                event = self.subscriptions.parse(envelope.type, data)
                outcome = await self.handle_once(transaction, record, envelope, event, data)
            RECORDS.labels(self.database.schema, record.topic, outcome).inc()
            return True
        except Exception as error:
            return record is not None and await self.handle_retry_failure(record, error)

    async def handle_retry_failure(self, record: ParkedRecord, error: Exception) -> bool:
        """Leave the record parked, or dead-letter it; past its deadline with its followers, in order."""
        if is_transient(error) or (is_internal(record) and self.circuit.open_reason()):
            return False
        expired = isinstance(error, PrerequisiteMissing)
        if expired and record.waited_seconds < self.settings.parking_seconds:
            return False
        if not is_permanent(error) and await self.poison.count(record) < self.settings.delivery_attempts:
            return False
        async with self.database.transaction() as transaction:
            if not await parking.take(transaction, record):
                return False  # another process has finished it
            await self.dead_letter_parked(transaction, record, error)
            while expired and (follower := await parking.take_head(transaction, record.topic, record.key)):
                await self.dead_letter_parked(transaction, follower, error)
        await self.poison.clear(topic_partition(record), record.offset + 1)
        return True

    async def dead_letter_parked(
        self, transaction: Transaction, record: ParkedRecord, error: Exception
    ) -> None:
        await self.store_dead_letter(transaction, record, error)
        RECORDS.labels(self.database.schema, record.topic, "dead").inc()

    # Dead letters.

    async def dead_letter(self, record: Record, error: Exception) -> None:
        """Dead-letter a record. Raises CircuitOpen for a record of our own while the circuit is open."""
        if is_internal(record) and self.circuit.open_reason():
            raise CircuitOpen from error
        async with self.database.transaction() as transaction:
            await self.store_dead_letter(transaction, record, error)

    async def store_dead_letter(self, transaction: Transaction, record: Record, error: Exception) -> None:
        stored = await dead_letters.dead_letter(
            transaction, self.dead_letter_event, "consumer", record, error
        )
        if stored and is_internal(record):
            self.circuit.count()


def is_permanent(error: Exception) -> bool:
    """Return whether another attempt cannot succeed."""
    return isinstance(error, Malformed | ValidationError | BusinessError | AttemptsExhausted)


def correlation_of(envelope: Envelope) -> dict[str, str | None]:
    """Return the attributes that events and log lines caused by this event carry."""
    return {
        "causationid": envelope.id,
        "correlationid": envelope.correlationid or envelope.id,
        "traceparent": envelope.traceparent,
        "authtype": envelope.authtype,
        "authid": envelope.authid,
    }
