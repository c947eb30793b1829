"""Kafka to handlers: the failure policy, record by record.

    delivered before                 ->  skipped
    of a type that nobody here hears ->  skipped and counted; a known type in another version: dead letter
    cannot be read, breaks a rule    ->  dead letter, now
    nothing there yet to apply it to ->  parked by key, tried again as events arrive; dead letter after its deadline
    database or network away         ->  its partition waits, as long as it takes
    any other failure, or a kill     ->  five attempts, counted in Postgres, while its partition alone waits; dead letter
    20 dead letters of ours in a row ->  no more dead letters: each partition waits at its head, unready and loud

Offsets are acknowledged for each partition, after what they stand for is committed.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import structlog
from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from shared.config import Settings
from shared.db import Database, is_away
from shared.delivery import deadletters
from shared.delivery.dispatch import Dispatcher, GivenUp, Handlers, LineStopped, is_permanent
from shared.delivery.health import Health
from shared.delivery.kafka import Record, acknowledge, place, subscribe
from shared.events import RecordDeadLettered
from shared.metrics import BEGUN_AGAIN, RECORDS

__all__ = ["Consumer", "Handlers"]

log = structlog.get_logger()


class Consumer:
    """One service's ears, in one consumer group that bears the service's name."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        told: type[RecordDeadLettered],
        settings: Settings,
        health: Health | None = None,
    ) -> None:
        self.database, self.settings = database, settings
        self.dispatcher = Dispatcher(database, handlers, told, settings)
        self.topics = sorted({event.topic for event in handlers})
        self.health = health or Health("consumer")
        self.health.watches.append(self.dispatcher.line_problem)
        self.known: dict[TopicPartition, int] = {}
        self.in_hand: dict[TopicPartition, int] = {}
        self.doubted: dict[TopicPartition, int] = {}
        self.starts: dict[TopicPartition, Record] = {}
        self.careful: set[TopicPartition] = set()
        self.waits: dict[TopicPartition, int] = {}
        self.retrying = asyncio.Lock()

    def subscribe(self, broker: KafkaBroker) -> Any:
        batch = {
            "max_records": self.settings.consumer_batch,
            "batch_timeout_ms": self.settings.batch_timeout_ms,
        }
        self.subscriber = subscribe(broker, self.receive, self.topics, self.database.schema, **batch)
        return self.subscriber

    async def receive(self, records: Any) -> None:
        """Each partition by itself, in order; what is settled is acknowledged once, at the end."""
        ordered = sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
        runs = [list(run) for _, run in groupby(ordered, key=place)]
        self.in_hand = {place(run[0]): run[0].offset for run in runs}
        settled = await asyncio.gather(*(self.run(run) for run in runs))
        self.in_hand = {}
        await self.acknowledge({at: offset for at, offset in settled if offset is not None})
        await self.retry_parked()

    def settled(self, at: TopicPartition) -> int | None:
        """The next record of a partition that is being worked on; None where all that was fetched is settled."""
        first = self.in_hand.get(at)
        return None if first is None else max(first, self.known.get(at, first))

    async def acknowledge(self, offsets: dict[TopicPartition, int]) -> None:
        """Only now are the starts from here of no more concern."""
        await acknowledge(self.subscriber, offsets)
        for at in offsets.keys() & self.starts.keys():
            await self.forget(self.starts.pop(at))

    async def run(self, records: Sequence[Record]) -> tuple[TopicPartition, int | None]:
        """The offset up to which the partition is settled; from there on it waits."""
        at, settled = place(records[0]), None
        for record in records:
            if not await self.step(at, record):
                break
            self.known[at] = settled = record.offset + 1
            if at in self.careful:
                await self.acknowledge({at: settled})
        else:
            self.careful.discard(at)
        return at, settled

    async def step(self, at: TopicPartition, record: Record) -> bool:
        """Settle one record, or let its partition wait at it; whatever happens, none is passed over."""
        done = False
        try:
            attempt = await self.attempt(at, record)
            await self.settle(record, attempt)
            done = True
            self.waits.pop(at, None)
        except Exception as error:
            log.warning("record.postponed", place=at, offset=record.offset, reason=repr(error))
            RECORDS.labels(self.database.schema, record.topic, "waiting").inc()
            if not is_away(error):
                self.doubted[at] = record.offset
        finally:
            # Also after what is no Exception: FastStream would go on with the next record.
            if not done:
                self.postpone(at, record.offset)
        return done

    async def attempt(self, at: TopicPartition, record: Record) -> int:
        """How often the record was begun; counted only where it may have failed, or killed us, before.

        After a start nobody knows what was begun beyond the acknowledged offset: the first record's
        count tells how often we started from there. From the second start on, each record is counted
        and acknowledged by itself; those behind the first were begun up to twice before that.
        """
        if self.doubted.get(at) == record.offset:
            self.tell_again(record)
            return await self.count(record)
        if at in self.careful:
            self.tell_again(record)
            return await self.count(record, first=3)
        if self.known.get(at) == record.offset:
            return 0
        self.starts[at] = record
        starts = await self.count(record)
        if starts > 1:
            self.tell_again(record)
            self.careful.add(at)
        return starts

    async def count(self, record: Record, first: int = 1) -> int:
        async with self.database.transaction() as session:
            return await deadletters.count(session, record, first)

    def tell_again(self, record: Record) -> None:
        BEGUN_AGAIN.labels(self.database.schema, record.topic).inc()

    async def settle(self, record: Record, attempt: int) -> None:
        try:
            if attempt > self.settings.delivery_attempts:
                raise GivenUp(
                    f"{attempt - 1}번 시작했으나 끝나지 않았습니다 / begun {attempt - 1} times, never ended"
                )
            outcome = await self.dispatcher.handle(record)
        except Exception as error:
            if is_away(error) or not (is_permanent(error) or attempt >= self.settings.delivery_attempts):
                raise
            outcome = await self.give_up(record, error)
        RECORDS.labels(self.database.schema, record.topic, outcome).inc()
        if attempt and record not in self.starts.values():
            await self.forget(record)

    async def give_up(self, record: Record, error: Exception) -> str:
        try:
            await self.dispatcher.give_up(record, error)
        except LineStopped:
            # Its attempts start anew: else the cure would find it given up.
            await self.forget(record)
            raise
        return "dead"

    async def forget(self, record: Record) -> None:
        async with self.database.transaction() as session:
            await deadletters.forget(session, record)

    async def retry_parked(self) -> None:
        """One at a time in this process; another instance passes over what this one holds."""
        if self.dispatcher.parked and not self.retrying.locked():
            async with self.retrying:
                await self.dispatcher.retry_parked()

    async def tend(self) -> None:
        """By the clock: parked records, until cancelled."""
        while True:
            try:
                await self.dispatcher.look_for_parked()
                await self.retry_parked()
            except Exception as error:
                log.warning("parked.not_tended", reason=repr(error))
            await asyncio.sleep(self.settings.poll_seconds)

    def postpone(self, at: TopicPartition, offset: int) -> None:
        """The partition waits from this record on, unless it has gone to another meanwhile."""
        kafka = self.subscriber.consumer
        self.waits[at] = self.waits.get(at, 0) + 1
        if kafka is not None and at in kafka.assignment():
            kafka.pause(at)
            kafka.seek(at, offset)
            self.known[at] = offset
            asyncio.get_running_loop().call_later(self.patience(at), self.resume, at)

    def patience(self, at: TopicPartition) -> float:
        longest = self.settings.backoff_limit_seconds
        grown = self.settings.backoff_seconds * 2 ** min(self.waits[at] - 1, 20)
        return longest if self.dispatcher.line_problem() else min(longest, grown)

    def resume(self, at: TopicPartition) -> None:
        kafka = self.subscriber.consumer
        if kafka is not None and at in kafka.assignment():
            kafka.resume(at)
