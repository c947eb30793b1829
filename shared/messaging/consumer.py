"""Kafka to handlers: the failure policy, record by record.

    delivered before                 ->  skipped
    of a type that nobody here hears ->  skipped and counted; a known type in another version: dead letter
    cannot be read, breaks a rule    ->  dead letter, now
    nothing there yet to apply it to ->  parked by key, tried again as events arrive; dead letter after its deadline
    database or network away         ->  its partition waits, as long as it takes
    any other failure                ->  five attempts, counted in Postgres, while its partition alone waits; dead letter
    the process dies                 ->  what may have been in hand is tried alone, five times, with a growing calm
                                         before; dead letter, unless other records of ours are suspected as well
    20 dead letters of ours in a row ->  no more dead letters: each partition waits at its head, unready and loud

Offsets are acknowledged for each partition, after what they stand for is committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any

import structlog
from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from shared.config import Settings
from shared.database.engine import Database, is_transient
from shared.events import RecordDeadLettered
from shared.messaging.dispatcher import AttemptsExhausted, CircuitOpen, Dispatcher, Handlers, is_permanent
from shared.messaging.kafka import Record, commit_offsets, subscribe, topic_partition
from shared.messaging.poison_records import PoisonDetector, PossiblyPoison
from shared.observability.health import Health
from shared.observability.metrics import RECORDS

__all__ = ["Consumer", "Handlers"]

log = structlog.get_logger()


class Consumer:
    """One service's ears, in one consumer group that bears the service's name."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        dead_letter_event: type[RecordDeadLettered],
        settings: Settings,
        health: Health | None = None,
    ) -> None:
        self.database, self.settings = database, settings
        self.dispatcher = Dispatcher(database, handlers, dead_letter_event, settings)
        self.poison = PoisonDetector(database)
        self.topics = sorted({event.topic for event in handlers})
        self.health = health or Health("consumer")
        self.health.checks.append(self.dispatcher.circuit_reason)
        self.committed: dict[TopicPartition, int] = {}
        self.in_flight: dict[TopicPartition, int] = {}
        self.failures: dict[TopicPartition, int] = {}
        self.retrying = asyncio.Lock()

    def subscribe(self, broker: KafkaBroker) -> Any:
        batch = {
            "max_records": self.settings.consumer_batch,
            "batch_timeout_ms": self.settings.batch_timeout_ms,
        }
        self.subscriber = subscribe(broker, self.receive, self.topics, self.database.schema, **batch)
        return self.subscriber

    async def receive(self, records: Any) -> None:
        """Each partition by itself, in order, and acknowledged when it ends; those in doubt come first, one by one."""
        ordered = sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
        runs = [list(run) for _, run in groupby(ordered, key=topic_partition)]
        self.in_flight = {topic_partition(run[0]): run[0].offset for run in runs}
        runs = [run for run in runs if await self.open_partition(run[0])]
        for run in runs:
            if topic_partition(run[0]) in self.poison.careful:
                await self.handle_partition(run)
        others = [self.handle_partition(run) for run in runs if topic_partition(run[0]) in self.in_flight]
        await asyncio.gather(*others)
        await self.retry_parked()

    def next_offset(self, at: TopicPartition) -> int | None:
        """The next record of a partition that is being worked on; None where all that was fetched is settled."""
        first = self.in_flight.get(at)
        return None if first is None else max(first, self.committed.get(at, first))

    async def open_partition(self, record: Record) -> bool:
        """Whether the partition can be begun here; it is looked at where this life does not come from before it."""
        at = topic_partition(record)
        if self.committed.get(at) == record.offset or at in self.poison.careful:
            return True
        return await self.try_record(record, self.poison.mark)

    async def handle_partition(self, records: Sequence[Record]) -> None:
        """Up to the record that its partition has to wait at, if there is one."""
        at, settled = topic_partition(records[0]), None
        for record in records:
            if not await self.try_record(record, self.handle):
                break
            self.committed[at] = settled = record.offset + 1
            if at in self.poison.careful:
                await self.commit(at, settled)
        else:
            self.poison.careful.discard(at)
        self.in_flight.pop(at)
        if settled is not None:
            await self.commit(at, settled)

    async def commit(self, at: TopicPartition, offset: int) -> None:
        """Where it fails nothing is lost: the next acknowledgement covers it, or the inbox a second delivery."""
        try:
            await commit_offsets(self.subscriber, {at: offset})
            await self.poison.acknowledged(at)
        except Exception as error:
            log.warning("offset.not_acknowledged", place=at, offset=offset, reason=repr(error))

    async def try_record(self, record: Record, act: Callable[[Record], Awaitable[None]]) -> bool:
        """Settle one record, or let its partition wait at it; whatever happens, none is passed over."""
        at, done = topic_partition(record), False
        try:
            await act(record)
            done = True
            self.failures.pop(at, None)
        except Exception as error:
            log.warning("record.postponed", place=at, offset=record.offset, reason=repr(error))
            RECORDS.labels(self.database.schema, record.topic, "waiting").inc()
            if isinstance(error, PossiblyPoison):
                self.failures[at] = error.deaths
            elif not is_transient(error):
                self.poison.failed[at] = record.offset
        finally:
            # Also after what is no Exception: FastStream would go on with the next record.
            if not done:
                self.postpone(at, record.offset)
        return done

    async def handle(self, record: Record) -> None:
        attempt = await self.poison.attempt(record)
        try:
            if attempt > self.settings.delivery_attempts and await self.is_deadly(record):
                raise AttemptsExhausted(
                    f"처리 중에 프로세스가 {attempt - 1}번 끝났습니다 / the process ended {attempt - 1} times in its handling"
                )
            outcome = await self.dispatcher.handle(record)
        except Exception as error:
            if is_transient(error) or not (is_permanent(error) or attempt >= self.settings.delivery_attempts):
                raise
            outcome = await self.give_up(record, error)
        RECORDS.labels(self.database.schema, record.topic, outcome).inc()
        if attempt and not self.poison.is_marked(record):
            await self.poison.forget(record)

    async def is_deadly(self, record: Record) -> bool:
        return await self.poison.is_to_blame(record) and not await self.dispatcher.is_in_effect(record)

    async def give_up(self, record: Record, error: Exception) -> str:
        try:
            await self.dispatcher.dead_letter(record, error)
        except CircuitOpen:
            # Its attempts start anew: else the cure would find it given up.
            await self.poison.forget(record)
            raise
        return "dead"

    async def retry_parked(self) -> None:
        """One at a time in this process; another instance passes over what this one holds."""
        if self.dispatcher.has_parked and not self.retrying.locked():
            async with self.retrying:
                await self.dispatcher.retry_parked()

    async def run_parked_retries(self) -> None:
        """By the clock: parked records, until cancelled."""
        while True:
            try:
                await self.dispatcher.refresh_parked()
                await self.retry_parked()
            except Exception as error:
                log.warning("parked.not_tended", reason=repr(error))
            await asyncio.sleep(self.settings.poll_seconds)

    def postpone(self, at: TopicPartition, offset: int) -> None:
        """The partition waits from this record on, unless it has gone to another meanwhile."""
        kafka = self.subscriber.consumer
        self.failures[at] = self.failures.get(at, 0) + 1
        if kafka is not None and at in kafka.assignment():
            kafka.pause(at)
            kafka.seek(at, offset)
            self.committed[at] = offset
            asyncio.get_running_loop().call_later(self.backoff_delay(at), self.resume, at)

    def backoff_delay(self, at: TopicPartition) -> float:
        longest = self.settings.backoff_limit_seconds
        grown = self.settings.backoff_seconds * 2 ** min(self.failures[at] - 1, 20)
        return longest if self.dispatcher.circuit_reason() else min(longest, grown)

    def resume(self, at: TopicPartition) -> None:
        kafka = self.subscriber.consumer
        if kafka is not None and at in kafka.assignment():
            kafka.resume(at)
