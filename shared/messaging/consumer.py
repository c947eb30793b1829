"""Consume a service's topics: the failure policy, record by record.

    delivered before                       ->  duplicate: not handled again
    a type that this service does not      ->  skipped and counted; another version of a known type: dead letter
      subscribe to
    cannot be read, breaks a rule          ->  dead letter at once
    its prerequisite has not arrived       ->  parked by key, retried as events arrive; dead letter after its deadline
    database or network unavailable        ->  its partition waits as long as it takes
    any other failure                      ->  five attempts, counted in Postgres, while only its partition waits;
                                               then dead letter
    the process dies before the first      ->  the partition's next records are handled one by one, each counted before
      commit since it opened a partition       it is begun; dead letter after five attempts
    20 dead letters of our own in a row    ->  the circuit opens: no more dead letters, each partition waits at its next
                                               record, and /readyz says so

Offsets are committed for each partition, after the work they stand for is committed.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import structlog
from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from shared.backoff import backoff_delay
from shared.config import MessagingSettings
from shared.database.engine import Database, is_transient
from shared.events import RecordDeadLettered
from shared.messaging.circuit_breaker import CircuitOpen
from shared.messaging.dispatcher import AttemptsExhausted, Dispatcher, Handlers, is_permanent
from shared.messaging.kafka import Record, commit_offsets, subscribe, topic_partition
from shared.observability.health import Health
from shared.observability.metrics import RECORDS

__all__ = ["Consumer", "Handlers"]

log = structlog.get_logger()


class Consumer:
    """Subscriber of one service, in a consumer group that bears the service's name."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        dead_letter_event: type[RecordDeadLettered],
        settings: MessagingSettings,
        health: Health | None = None,
    ) -> None:
        self.database, self.settings = database, settings
        self.dispatcher = Dispatcher(database, handlers, dead_letter_event, settings)
        self.poison = self.dispatcher.poison
        self.topics = self.dispatcher.subscriptions.topics
        self.health = health or Health("consumer")
        self.health.checks.append(self.dispatcher.circuit.open_reason)
        self.positions: dict[TopicPartition, int] = {}
        self.in_flight: dict[TopicPartition, int] = {}
        self.failures: dict[TopicPartition, int] = {}
        self.retrying = asyncio.Lock()

    def subscribe(self, broker: KafkaBroker) -> Any:
        """Register on the broker; return FastStream's subscriber."""
        batch = {
            "max_records": self.settings.consumer_batch,
            "batch_timeout_ms": self.settings.batch_timeout_ms,
        }
        self.subscriber = subscribe(broker, self.receive, self.topics, self.database.schema, **batch)
        return self.subscriber

    async def receive(self, records: Any) -> None:
        """Handle fetched records, each partition in order: suspicious partitions first and alone, others concurrently."""
        ordered = sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
        by_partition = {at: list(group) for at, group in groupby(ordered, key=topic_partition)}
        self.in_flight = {at: group[0].offset for at, group in by_partition.items()}
        if not await self.open_partitions():
            return
        for at in by_partition.keys() & self.poison.one_by_one.keys():
            await self.handle_partition(at, by_partition.pop(at))
        await asyncio.gather(*(self.handle_partition(at, group) for at, group in by_partition.items()))
        await self.retry_parked()

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Return the next unhandled offset of a partition in flight; None where all fetched records are handled."""
        first = self.in_flight.get(partition)
        return None if first is None else max(first, self.positions.get(partition, first))

    async def open_partitions(self) -> bool:
        """Open the partitions whose first record does not follow the last handled one; False if the database is unavailable."""
        new = {at: offset for at, offset in self.in_flight.items() if self.positions.get(at) != offset}
        try:
            if new:
                await self.poison.open(new)
                self.positions |= new
        except Exception as error:
            log.warning("partitions.not_opened", reason=repr(error))
            for at, offset in self.in_flight.items():
                self.pause_and_seek(at, offset)
            return False
        return True

    async def handle_partition(self, partition: TopicPartition, records: Sequence[Record]) -> None:
        """Handle the records of one partition up to the first that has to wait, and commit what was handled."""
        uncommitted = None
        for record in records:
            if not await self.try_record(record):
                break
            self.positions[partition] = uncommitted = record.offset + 1
            if partition in self.poison.one_by_one:
                await self.commit_offset(partition, uncommitted)
                uncommitted = None
        self.in_flight.pop(partition)
        if uncommitted is not None:
            await self.commit_offset(partition, uncommitted)

    async def commit_offset(self, partition: TopicPartition, offset: int) -> None:
        """Commit an offset; after a failure the next commit covers it, or the inbox a second delivery."""
        try:
            await commit_offsets(self.subscriber, {partition: offset})
            await self.poison.passed(partition, offset)
        except Exception as error:
            log.warning("offset.not_committed", partition=partition, offset=offset, reason=repr(error))

    async def try_record(self, record: Record) -> bool:
        """Handle one record; return False if its partition has to wait at it. No record is ever passed over."""
        partition, done = topic_partition(record), False
        try:
            await self.handle(record)
            done = True
            self.failures.pop(partition, None)
        except Exception as error:
            log.warning("record.postponed", partition=partition, offset=record.offset, reason=repr(error))
            RECORDS.labels(self.database.schema, record.topic, "waiting").inc()
        finally:
            # Also after a BaseException: FastStream would go on with the next record.
            if not done:
                self.pause_and_seek(partition, record.offset)
        return done

    async def handle(self, record: Record) -> None:
        """Handle the record or dead-letter it; raise where its partition has to wait."""
        limit, attempt = self.settings.delivery_attempts, await self.poison.begin_attempt(record)
        try:
            if attempt > limit and not await self.dispatcher.is_handled(record):
                raise AttemptsExhausted(attempt - 1)
            outcome = await self.dispatcher.handle(record)
        except Exception as error:
            if is_transient(error) or not (is_permanent(error) or await self.poison.failed(record) >= limit):
                raise
            outcome = await self.dead_letter(record, error)
        RECORDS.labels(self.database.schema, record.topic, outcome).inc()

    async def dead_letter(self, record: Record, error: Exception) -> str:
        try:
            await self.dispatcher.dead_letter(record, error)
        except CircuitOpen:
            # Its attempts start anew: otherwise the corrected release would find them exhausted.
            await self.poison.clear(topic_partition(record), record.offset + 1)
            raise
        return "dead"

    async def retry_parked(self) -> None:
        """Retry parked records, once at a time in this process; other processes skip the rows that it has locked."""
        if not self.retrying.locked():
            async with self.retrying:
                await self.dispatcher.retry_parked()

    async def run_parked_retries(self) -> None:
        """Retry parked records at every poll interval, until cancelled."""
        while True:
            try:
                await self.retry_parked()
            except Exception as error:
                log.warning("parked.not_retried", reason=repr(error))
            await asyncio.sleep(self.settings.poll_seconds)

    def pause_and_seek(self, partition: TopicPartition, offset: int) -> None:
        """Let the partition wait from this offset on for the backoff delay, unless it was reassigned meanwhile."""
        kafka = self.subscriber.consumer
        self.failures[partition] = self.failures.get(partition, 0) + 1
        if kafka is not None and partition in kafka.assignment():
            kafka.pause(partition)
            kafka.seek(partition, offset)
            self.positions[partition] = offset
            asyncio.get_running_loop().call_later(self.backoff_delay(partition), self.resume, partition)

    def backoff_delay(self, partition: TopicPartition) -> float:
        """Return the seconds that the partition waits: doubled with each failure up to the limit."""
        first, longest = self.settings.backoff_seconds, self.settings.backoff_limit_seconds
        is_open = self.dispatcher.circuit.open_reason()
        return longest if is_open else backoff_delay(self.failures[partition], first, longest)

    def resume(self, partition: TopicPartition) -> None:
        kafka = self.subscriber.consumer
        if kafka is not None and partition in kafka.assignment():
            kafka.resume(partition)
