"""Fold Kafka records into projections: a batch is folded and written in one transaction, which first moves the offsets.

    an offset is not where we left it  ->  the partition was reassigned, or another generation of the projections went
                                           live: roll back, load the offsets again, seek
    database or network unavailable    ->  roll back, and again with growing backoff
    any other failure                  ->  roll back, and again with growing backoff, `validating` each record; from the
                                           second failure on, one record at a time, each attempt counted; dead letter
                                           after five attempts
    the process dies before the        ->  the next records are folded one at a time, each attempt counted before it
      partition's first commit             begins; dead letter after five attempts
    a record that cannot be folded     ->  dead letter in the same transaction, and the fold goes on
    an event that was folded before    ->  skipped, by its number in its subject

The offsets stand in the database, with the rows. They are also committed to Kafka, for monitoring of the lag alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from shared.backoff import backoff_delay
from shared.config import MessagingSettings
from shared.database.engine import Database, is_transient
from shared.database.transaction import Connection, Transaction
from shared.events import RecordDeadLettered
from shared.messaging import dead_letters
from shared.messaging.dispatcher import AttemptsExhausted
from shared.messaging.kafka import (
    PROJECTOR_FETCH_BYTES,
    Record,
    commit_offsets,
    oldest_age,
    subscribe,
    topic_partition,
)
from shared.messaging.poison_records import PoisonDetector
from shared.messaging.spans import folding
from shared.observability.health import Health
from shared.observability.metrics import BATCH_RECORDS, FOLD_SECONDS, FOLDED_AGE, ROLLED_BACK
from shared.projections import offsets
from shared.projections.batch import BatchFolder
from shared.projections.generations import Generation
from shared.projections.offsets import Fenced, FoldsVersionMismatch, Offsets
from shared.projections.projection import DecodedEvent, Projection

log = structlog.get_logger()

RecordsByPartition = dict[TopicPartition, list[Record]]
"""The records of a batch by partition, in order."""

FailedBatch = tuple[Exception, RecordsByPartition]

FETCH_RECORDS = 1_000  # decoded by the client at once
REASSIGNMENT_TIMEOUT = 0.5  # seconds


class Projector(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Folds all projections of a service in one consumer group.

    `version`: the version of the folds; `change_key` returns what an event concerns, for listeners on `projected`.
    """

    def __init__(
        self,
        database: Database,
        projections: Sequence[Projection],
        dead_letter_event: type[RecordDeadLettered],
        settings: MessagingSettings,
        *,
        version: int = 1,
        health: Health | None = None,
        change_key: Callable[[DecodedEvent], str | None] = lambda event: None,
    ) -> None:
        self.database, self.settings, self.version = database, settings, version
        self.dead_letter_event, self.change_key = dead_letter_event, change_key
        self.folder = BatchFolder(projections, self.store_dead_letter)
        self.poison = PoisonDetector(database, "projector", settings.projector_batch)
        self.health = health or Health("projector")
        self.live = Generation(0, None, database.schema)
        self.offsets: Offsets = {}  # of the next record to be folded
        self.last_known: Offsets = {}
        self.seeks = 0  # how often Kafka was told where to begin
        self.folding_lock = asyncio.Lock()  # held while a batch is folded, or the offsets are loaded
        self.failures = 0

    def subscribe(self, broker: KafkaBroker, **options: Any) -> Any:
        """Register on the broker; return FastStream's subscriber."""
        defaults = {
            "listener": self,
            "max_records": self.fetch_records,
            "batch_timeout_ms": self.settings.batch_timeout_ms,
            "max_partition_fetch_bytes": PROJECTOR_FETCH_BYTES,
            # the same partitions of all topics: then a row that two topics feed is written by one projector
            "partition_assignment_strategy": [RangePartitionAssignor],
        }
        topics, group = self.folder.subscriptions.topics, f"{self.database.schema}.projector"
        self.subscriber = subscribe(broker, self.receive, topics, group, **(defaults | options))
        return self.subscriber

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        async with self.folding_lock:
            self.discard_state()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        async with self.folding_lock:
            await self.resynchronise()

    @property
    def fetch_records(self) -> int:
        """Number of records that are taken from the client at once."""
        return min(FETCH_RECORDS, self.settings.projector_batch)

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Return the next record to be folded, as far as it was ever known."""
        return self.offsets.get(partition, self.last_known.get(partition))

    def discard_state(self) -> None:
        """Forget offsets and states: after a rollback or a rebalance only the database knows them."""
        self.last_known |= self.offsets
        self.offsets = {}
        self.folder.reset()

    async def receive(self, records: Any) -> None:
        """Fold and write what was fetched, batch by batch; after a crash or repeated failures record by record."""
        seeks, batch = self.seeks, by_topic_partition(records)
        while batch:
            async with self.folding_lock:
                if self.seeks != seeks:
                    return  # fetched before Kafka was told where to begin: it comes again
                failed, batch = await self.fold_and_fetch(await self.gather_batch(batch))
            if failed is not None:
                await self.recover(*failed)

    async def fold_and_fetch(
        self, batch: RecordsByPartition
    ) -> tuple[FailedBatch | None, RecordsByPartition]:
        """Fold the batch; meanwhile the client decodes the next one. Return the failed part and the next batch."""
        fetching = asyncio.create_task(self.gather_batch({}))
        fetched: RecordsByPartition | BaseException = {}
        try:
            failed = await self.fold_fetched(batch)
        finally:
            [fetched] = await asyncio.gather(fetching, return_exceptions=True)
        if failed is not None:
            return failed, {}  # what was fetched comes again
        if isinstance(fetched, BaseException):
            raise fetched
        return None, fetched

    async def fold_fetched(self, batch: RecordsByPartition) -> FailedBatch | None:
        """Fold the records up to the first failure; return it with the batch that failed, None where all went well."""
        for part in split(batch) if self.one_by_one() else [batch]:
            if new := self.not_folded_yet(part):
                try:
                    await self.count_attempt(new)
                    await self.fold_and_write(new)
                except Exception as error:
                    return error, new
                except BaseException:
                    self.discard_state()
                    raise
                self.failures, self.folder.validating = 0, False
                self.health.progress()
        return None

    def one_by_one(self) -> bool:
        return self.failures > 1 or bool(self.poison.one_by_one)

    async def gather_batch(self, batch: RecordsByPartition) -> RecordsByPartition:
        """Return the batch with the records that are fetched already, up to the batch size."""
        batch = {partition: list(group) for partition, group in batch.items()}
        size = sum(map(len, batch.values()))
        while (
            size % self.fetch_records == 0 and size < self.settings.projector_batch and not self.one_by_one()
        ):
            await asyncio.sleep(0)
            if not (fetched := await self.fetched_records()):
                break
            for partition, group in fetched.items():
                batch.setdefault(partition, []).extend(group)
                size += len(group)
        return batch

    async def fetched_records(self) -> RecordsByPartition:
        """Return records that the client holds; none while partitions are being reassigned.

        The client then answers only afterwards, and the reassignment waits for the lock that is held here.
        """
        try:
            return await asyncio.wait_for(
                self.subscriber.consumer.getmany(max_records=self.fetch_records), REASSIGNMENT_TIMEOUT
            )
        except TimeoutError:
            return {}
        except KafkaError as error:
            # What was fetched before must not be lost; an error that lasts comes again.
            log.warning("projector.not_fetched", reason=repr(error))
            return {}

    def not_folded_yet(self, batch: RecordsByPartition) -> RecordsByPartition:
        """Return the records of our partitions from the next offset on."""
        own = {at: from_offset(group, self.offsets[at]) for at, group in batch.items() if at in self.offsets}
        return {at: group for at, group in own.items() if group}

    async def count_attempt(self, batch: RecordsByPartition) -> None:
        """Count the attempt at a record that is folded alone. Raises AttemptsExhausted after too many crashes."""
        if self.one_by_one():
            attempt = await self.poison.begin_attempt(first_of(batch))
            if attempt > self.settings.delivery_attempts:
                raise AttemptsExhausted(attempt - 1)

    async def fold_and_write(self, batch: RecordsByPartition) -> None:
        records = [record for group in batch.values() for record in group]
        following = {partition: group[-1].offset + 1 for partition, group in batch.items()}
        schema, types = self.database.schema, self.folder.subscriptions.types
        with FOLD_SECONDS.labels(schema).time(), folding(f"{schema}.projector", records, types):
            async with self.database.batch_transaction(self.live.search_path) as connection:
                await self.fence_offsets(connection, following)
                await self.notify(connection, await self.folder.apply(connection, records))
        self.offsets |= following
        BATCH_RECORDS.labels(schema).observe(len(records))
        FOLDED_AGE.labels(schema).observe(oldest_age(group[0] for group in batch.values()))
        await commit_offsets(self.subscriber, following)
        for partition, offset in following.items():
            await self.poison.passed(partition, offset)

    async def fence_offsets(self, connection: Connection, following: Offsets) -> None:
        """Fence: the first statement of the transaction. Raises Fenced where a partition cannot be moved."""
        await offsets.fence_offsets(connection, self.live.number, self.offsets, following)

    async def notify(self, connection: Connection, events: Sequence[DecodedEvent]) -> None:
        """Notify the listeners on `projected`, with the keys that changed."""
        keys = {key for event in events if (key := self.change_key(event))}
        if events:
            channel, payload = f"{self.database.schema}.projected", ",".join(sorted(keys))[:7_000]
            await connection.execute("select pg_notify($1, $2)", channel, payload)

    async def store_dead_letter(self, connection: Connection, record: Record, error: Exception) -> None:
        transaction = Transaction.of(connection)
        await dead_letters.dead_letter(transaction, self.dead_letter_event, "projector", record, error)

    async def recover(self, error: Exception, batch: RecordsByPartition) -> None:
        """After a rollback: wait for the backoff delay, dead-letter a record that failed too often, begin again."""
        self.failures += 1
        self.folder.validating = True
        self.folder.reset()
        kind = "fenced" if isinstance(error, Fenced) else "away" if is_transient(error) else "failed"
        ROLLED_BACK.labels(self.database.schema, kind).inc()
        log.warning("projector.rolled_back", kind=kind, reason=repr(error))
        if self.failures > 1:
            self.health.failed(
                f"현황 반영이 거듭 실패합니다({type(error).__name__}) / folding fails again and again"
            )
            first, longest = self.settings.backoff_seconds, self.settings.backoff_limit_seconds
            await asyncio.sleep(backoff_delay(self.failures, first, longest))
        async with self.folding_lock:
            if kind == "failed" and sum(map(len, batch.values())) == 1:
                await self.give_up_after_attempts(first_of(batch), error)
            await self.resynchronise()

    async def give_up_after_attempts(self, record: Record, error: Exception) -> None:
        """Dead-letter a record that failed alone as often as the limit; otherwise it comes again."""
        try:
            if await self.poison.failed(record) >= self.settings.delivery_attempts:
                await self.dead_letter_alone(record, error)
        except Exception as other:
            log.warning("projector.not_dead_lettered", reason=repr(other))

    async def dead_letter_alone(self, record: Record, error: Exception) -> None:
        """Dead-letter one record and pass it, in a transaction of its own."""
        partition, following = topic_partition(record), record.offset + 1
        async with self.database.batch_transaction(self.live.search_path) as connection:
            await self.fence_offsets(connection, {partition: following})
            await self.store_dead_letter(connection, record, error)
        await self.poison.passed(partition, following)
        self.failures = 0

    async def resynchronise(self) -> None:
        """Load the live generation and its offsets, and seek there; retried until the database answers."""
        self.discard_state()
        while (kafka := self.subscriber.consumer) is not None:
            try:
                loaded = await self.load_offsets(sorted(kafka.assignment()))
                await self.open_partitions(kafka, loaded)
                break
            except Exception as error:
                log.warning("projector.not_resynchronised", reason=repr(error))
                self.health.failed(unready_reason(error))
                await asyncio.sleep(self.settings.backoff_seconds)
        else:
            return  # the subscriber has ended
        for partition in kafka.assignment() & loaded.keys():
            kafka.seek(partition, loaded[partition])
            self.offsets[partition] = loaded[partition]
        self.seeks += 1
        self.health.progress()

    async def open_partitions(self, kafka: Any, loaded: Offsets) -> None:
        """Mark the partitions; after a crash, their records up to the present end may hold the poison record."""
        new = (kafka.assignment() & loaded.keys()) - self.poison.opened
        if new:
            offsets_of_new = {partition: loaded[partition] for partition in new}
            await self.poison.open(offsets_of_new, await kafka.end_offsets(sorted(new)))

    async def load_offsets(self, partitions: Sequence[TopicPartition]) -> Offsets:
        """Load the live generation, return its offsets."""
        self.live, loaded = await offsets.load(self.database, partitions, self.version)
        return loaded


def unready_reason(error: Exception) -> str:
    if isinstance(error, FoldsVersionMismatch):
        return str(error)
    if isinstance(error, KafkaError):
        return f"카프카가 답하지 않습니다({type(error).__name__}) / Kafka does not answer"
    return f"데이터베이스가 답하지 않습니다({type(error).__name__}) / the database does not answer"


def by_topic_partition(records: Iterable[Record]) -> RecordsByPartition:
    batch: RecordsByPartition = {}
    for record in records:
        batch.setdefault(topic_partition(record), []).append(record)
    return batch


def split(batch: RecordsByPartition) -> list[RecordsByPartition]:
    """Return a batch of each record."""
    return [{partition: [record]} for partition, group in batch.items() for record in group]


def first_of(batch: RecordsByPartition) -> Record:
    return next(iter(batch.values()))[0]


def from_offset(group: list[Record], offset: int) -> list[Record]:
    """Return the records of one partition from the offset on."""
    if group[0].offset >= offset:
        return group
    return [record for record in group if record.offset >= offset]
