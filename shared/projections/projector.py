"""Kafka to projections: a batch is folded in memory, and written in one transaction, which first moves the offsets.

While one batch is being written the next is folded: Postgres and Python work at once. The next stands on what this one
left in memory, so where this one fails both are forgotten, and come again.

    an offset is not where we left it  ->  another owns the partition, or a rebuild swapped the rows: roll back, load, seek
    any other failure                  ->  roll back, load, seek, with growing backoff, and look at each record: it is
                                           checked against its schema and folded by itself; from the second on, written
                                           by itself; the fifth time it is a dead letter
    a record that cannot be folded     ->  dead letter in the same transaction, and on
    an event that was folded before    ->  skipped, by its number in its subject

Kafka is told the offsets as well, but only for those who watch the lag.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream.kafka import KafkaBroker
from sqlalchemy import BigInteger
from sqlmodel import Field

from shared.config import Settings
from shared.database.engine import Connection, Database, is_transient
from shared.database.tables import SharedTable
from shared.events import RecordDeadLettered
from shared.messaging import burial
from shared.messaging.kafka import (
    PROJECTOR_FETCH_BYTES,
    Record,
    commit_offsets,
    oldest_age,
    subscribe,
    topic_partition,
)
from shared.messaging.spans import folding
from shared.observability.health import Health
from shared.observability.metrics import BATCH_RECORDS, FOLD_SECONDS, FOLDED_AGE, ROLLED_BACK
from shared.projections.batch import BatchChanges, BatchFolder
from shared.projections.projection import DecodedEvent, Projection

log = structlog.get_logger()

Positions = dict[TopicPartition, int]
RecordsByPartition = dict[TopicPartition, list[Record]]
"""What a batch brings of each partition, in order."""

FETCH_RECORDS = 1_000  # records that the client decodes at once

ADVANCE_OFFSETS = """
    update projection_offset o set next = moved.next
    from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as moved (topic, partition, expected, next)
    where o.topic = moved.topic and o.partition = moved.partition and o.next = moved.expected and o.epoch = $5
    returning 1
"""
CREATE_OFFSETS = """
    insert into projection_offset (topic, partition, next, epoch)
    select u.*, 0, (select coalesce(max(epoch), 0) from projection_offset)
    from unnest($1::text[], $2::int[]) as u on conflict do nothing
"""


class ProjectionOffset(SharedTable, table=True):
    """The next record that the projector wants of each partition; `epoch` counts the swaps for rebuilt rows."""

    __tablename__ = "projection_offset"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next: int = Field(sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Fenced(Exception):
    """The offsets are not where we left them: a partition is no longer ours, or its rows were swapped."""


class Batch(NamedTuple):
    """A batch that is folded in memory, on its way into the database: the facts that were new, what is to be written."""

    records_by_partition: RecordsByPartition
    records: Sequence[Record]
    expected: Positions
    following: Positions
    facts: Sequence[DecodedEvent]
    changes: BatchChanges


class Projector(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One group folds all projections of a service; `touches` says what a fact concerns, for who listens."""

    def __init__(
        self,
        database: Database,
        projections: Sequence[Projection],
        dead_letter_event: type[RecordDeadLettered],
        settings: Settings,
        *,
        health: Health | None = None,
        change_key: Callable[[DecodedEvent], str | None] = lambda fact: None,
    ) -> None:
        self.database, self.dead_letter_event, self.settings, self.change_key = (
            database,
            dead_letter_event,
            settings,
            change_key,
        )
        self.folder = BatchFolder(projections, self.store_dead_letter)
        self.health = health or Health("projector")
        self.committed_offsets: Positions = {}  # of what is committed
        self.folded_offsets: Positions = {}  # of what is folded in memory
        self.last_known: Positions = {}
        self.generation = object()  # another one whenever all is forgotten, or Kafka was told where to begin
        self.folds = asyncio.Lock()  # nothing is forgotten while a batch is folded
        self.writing: asyncio.Task[None] | None = None
        self.epoch = 0
        self.failures = 0

    def subscribe(self, broker: KafkaBroker, **options: Any) -> Any:
        batch = {
            "max_records": min(FETCH_RECORDS, self.settings.projector_batch),
            "batch_timeout_ms": self.settings.batch_timeout_ms,
            "max_partition_fetch_bytes": PROJECTOR_FETCH_BYTES,
            # the same partitions of all topics: then a row that two topics feed is written by one projector
            "partition_assignment_strategy": [RangePartitionAssignor],
        }
        group = f"{self.database.schema}.projector"
        self.subscriber = subscribe(
            broker,
            self.receive,
            self.folder.subscriptions.topics,
            group,
            **({"listener": self} | batch | options),
        )
        return self.subscriber

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        async with self.folds:
            self.discard_state()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self.wait_for_write()
        await self.resynchronise()

    def next_offset(self, at: TopicPartition) -> int | None:
        """The next record that is not folded, as far as it was ever known: what is asked again was not folded since."""
        return self.committed_offsets.get(at, self.last_known.get(at))

    def discard_state(self) -> None:
        """Nothing that we remember is sure any more; the database is asked again."""
        self.last_known |= self.committed_offsets
        self.committed_offsets, self.folded_offsets, self.generation = {}, {}, object()
        self.folder.reset()

    async def wait_for_write(self) -> None:
        """Until what was folded is in the database, or rolled back."""
        if self.writing is not None:
            await asyncio.shield(self.writing)

    async def stop(self) -> None:
        """What is being written is cut off: it comes again."""
        if self.writing is not None:
            self.writing.cancel()
            await asyncio.wait([self.writing])

    async def receive(self, records: Any) -> None:
        """Fold, wait for the batch before to be written, and begin to write this one."""
        life, runs = self.generation, RecordsByPartition()
        try:
            gathered = await self.gather_batch(records)
            async with self.folds:
                if (
                    self.generation is not life or not self.folded_offsets
                ):  # they may have overtaken what was rolled back
                    return await self._resynchronise()
                runs = self.not_yet_folded(gathered)
                if not runs:
                    return None
                turn = await self.fold(by_topic_partition([first_of(runs)]) if self.failures > 1 else runs)
        except Exception as error:
            await self.wait_for_write()
            if self.generation is life:
                await self.roll_back(error, runs)
            return None
        except BaseException:
            self.discard_state()
            raise
        await self.wait_for_write()
        if self.generation is life:
            self.writing = asyncio.create_task(self.write(turn))
            if self.failures:
                await self.wait_for_write()
        return None

    async def gather_batch(self, part: Sequence[Record]) -> RecordsByPartition:
        """A batch of what is there already, part by part: Postgres need not wait for its next statement."""
        runs, taken = by_topic_partition(part), len(part)
        while taken % FETCH_RECORDS == 0 and taken < self.settings.projector_batch and not self.failures:
            await asyncio.sleep(0)
            found = await self.subscriber.consumer.getmany(max_records=FETCH_RECORDS)
            if not found:
                break
            for at, run in found.items():
                runs.setdefault(at, []).extend(run)
                taken += len(run)
        return runs

    def not_yet_folded(self, runs: RecordsByPartition) -> RecordsByPartition:
        """Not what was revoked since it was fetched, nor what was handled already."""
        mine = {
            at: from_offset(run, self.folded_offsets[at])
            for at, run in runs.items()
            if at in self.folded_offsets
        }
        return {at: run for at, run in mine.items() if run}

    async def fold(self, runs: RecordsByPartition) -> Batch:
        records = [record for run in runs.values() for record in run]
        following = {at: run[-1].offset + 1 for at, run in runs.items()}
        expected = {at: self.folded_offsets[at] for at in following}
        async with self.database.snapshot() as connection:
            facts = await self.folder.fold(connection, records)
        self.folded_offsets |= following
        return Batch(runs, records, expected, following, facts, self.folder.drain())

    async def write(self, turn: Batch) -> None:
        try:
            await self.save(turn)
            await self.on_success()
        except Exception as error:
            await self.roll_back(error, turn.records_by_partition)
        except BaseException:
            self.discard_state()
            raise

    async def save(self, turn: Batch) -> None:
        group, heard = f"{self.database.schema}.projector", self.folder.subscriptions.types
        with FOLD_SECONDS.labels(self.database.schema).time(), folding(group, turn.records, heard):
            async with self.database.batch_transaction() as connection:
                await self.advance_offsets(connection, turn.expected, turn.following)
                await self.folder.save(connection, turn.changes)
                await self.notify(connection, turn.facts)
        BATCH_RECORDS.labels(self.database.schema).observe(len(turn.records))
        FOLDED_AGE.labels(self.database.schema).observe(
            oldest_age(run[0] for run in turn.records_by_partition.values())
        )
        self.committed_offsets |= {at: n for at, n in turn.following.items() if at in self.committed_offsets}
        await commit_offsets(self.subscriber, turn.following)

    async def on_success(self) -> None:
        single, self.failures, self.folder.validating = self.failures > 1, 0, False
        self.health.progress()
        if single:
            await self.resynchronise()

    async def advance_offsets(
        self, connection: Connection, expected: Positions, following: Positions
    ) -> None:
        """The fence: the first statement of the transaction, and it moves all partitions or none."""
        places = sorted(following)
        moved = await connection.fetch(
            ADVANCE_OFFSETS,
            [at.topic for at in places],
            [at.partition for at in places],
            [expected[at] for at in places],
            [following[at] for at in places],
            self.epoch,
        )
        if len(moved) != len(places):
            raise Fenced

    async def notify(self, connection: Connection, facts: Sequence[DecodedEvent]) -> None:
        touched = {what for fact in facts if (what := self.change_key(fact))}
        if facts:
            payload = ",".join(sorted(touched))[:7_000]
            await connection.execute("select pg_notify(current_schema() || '.projected', $1)", payload)

    async def store_dead_letter(self, connection: Connection, record: Record, error: Exception) -> None:
        await burial.dead_letter(connection, self.dead_letter_event, "projector", record, error)

    async def roll_back(self, error: Exception, runs: RecordsByPartition) -> None:
        self.failures += 1
        self.folder.validating = True
        kind = "fenced" if isinstance(error, Fenced) else "away" if is_transient(error) else "failed"
        ROLLED_BACK.labels(self.database.schema, kind).inc()
        log.warning("projector.rolled_back", kind=kind, reason=repr(error))
        if self.failures > 1:
            self.health.failed(
                f"현황 반영이 거듭 실패합니다({type(error).__name__}) / folding fails again and again"
            )
            grown = self.settings.backoff_seconds * 2 ** min(self.failures, 20)
            await asyncio.sleep(min(self.settings.backoff_limit_seconds, grown))
        if kind == "failed" and runs and self.failures >= self.settings.delivery_attempts:
            await self.dead_letter_alone(first_of(runs), error)
        await self.resynchronise()

    async def resynchronise(self) -> None:
        async with self.folds:
            await self._resynchronise()

    async def dead_letter_alone(self, record: Record, error: Exception) -> None:
        """The record at which the fold fails again and again becomes a dead letter, alone; or comes once more."""
        at = topic_partition(record)
        try:
            async with self.database.asyncpg_transaction() as connection:
                await self.advance_offsets(connection, {at: record.offset}, {at: record.offset + 1})
                await self.store_dead_letter(connection, record, error)
        except Exception as another:
            log.warning("projector.not_passed_over", reason=repr(another))
        else:
            self.failures = 0

    async def _resynchronise(self) -> None:
        """Stand where the database says: after a rebalance or a failure nothing else is true."""
        self.discard_state()
        while (kafka := self.subscriber.consumer) is not None:
            mine = sorted(kafka.assignment())
            try:
                stored = await self.load_offsets(mine)
                break
            except Exception as error:
                log.warning("projector.database_away", reason=repr(error))
                self.health.failed(
                    f"데이터베이스가 답하지 않습니다({type(error).__name__}) / the database does not answer"
                )
                await asyncio.sleep(self.settings.backoff_seconds)
        else:
            return  # the subscriber has ended
        for at in kafka.assignment() & stored.keys():
            kafka.seek(at, stored[at])
            self.committed_offsets[at] = self.folded_offsets[at] = stored[at]
        self.generation = object()  # what was fetched meanwhile comes again
        self.health.progress()

    async def load_offsets(self, places: Sequence[TopicPartition]) -> Positions:
        async with self.database.asyncpg_transaction() as connection:
            await connection.execute(
                CREATE_OFFSETS, [at.topic for at in places], [at.partition for at in places]
            )
            rows = await connection.fetch("select topic, partition, next, epoch from projection_offset")
        self.epoch = max((row["epoch"] for row in rows), default=0)
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


def by_topic_partition(records: Iterable[Record]) -> RecordsByPartition:
    runs: RecordsByPartition = {}
    for record in records:
        runs.setdefault(topic_partition(record), []).append(record)
    return runs


def first_of(runs: RecordsByPartition) -> Record:
    return next(iter(runs.values()))[0]


def from_offset(run: list[Record], offset: int) -> list[Record]:
    return run if run[0].offset >= offset else [one for one in run if one.offset >= offset]
