"""Detect poison records: count the attempts of suspicious records in Postgres, so that the count survives a crash.

    a partition is opened        ->  a marker is stored beside its first record, and deleted with its first commit
    a marker is there already    ->  the last process ended while it handled this partition: its next records are handled
                                     one by one, each counted before it is begun and committed by itself
    a record fails               ->  counted, in the process or after a crash; an outage is no failure
    more attempts than the limit ->  the caller dead-letters the record

In normal operation this costs one write per partition and start. A process that is killed from outside as often as the
limit while it handles the same record alone has that record dead-lettered, although it is sound.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aiokafka import TopicPartition
from sqlmodel import Field

from shared.database.engine import Database
from shared.messaging.kafka import Record, topic_partition
from shared.messaging.stored_records import RecordKey
from shared.observability.metrics import RETRIED


class Attempt(RecordKey, table=True):
    """How often a consumer has begun a record; 0 is the marker of an opened partition."""

    consumer: str = Field(primary_key=True)
    count: int


# Returns the partitions that have an earlier process's marker or count.
OPEN = """
    with opened as (
        select * from unnest($2::text[], $3::int[], $4::bigint[]) as o (topic, partition, "offset")
    ), marked as (
        insert into attempt (consumer, topic, partition, "offset", count)
        select $1, topic, partition, "offset", 0 from opened on conflict do nothing
    )
    select distinct topic, partition from attempt join opened using (topic, partition) where consumer = $1
"""
COUNT = """
    insert into attempt (consumer, topic, partition, "offset", count) values ($1, $2, $3, $4, 1)
    on conflict (consumer, topic, partition, "offset") do update set count = attempt.count + 1
    returning count
"""
DELETE = """
    delete from attempt where consumer = $1 and topic = $2 and partition = $3 and "offset" < $4
"""


class Counted(NamedTuple):
    """The record of a partition that this process has counted: its attempts, and whether the last one has failed."""

    offset: int
    attempts: int
    failed: bool


class PoisonDetector:
    """Attempt counts of one consumer (`consumer` or `projector`) of a service.

    `suspicious_records` is how many records of a partition are handled one by one after a crash: as many as a batch
    can hold.
    """

    def __init__(self, database: Database, consumer: str, suspicious_records: int) -> None:
        self.database, self.consumer, self.suspicious_records = database, consumer, suspicious_records
        self.one_by_one: dict[TopicPartition, int] = {}
        self.counted: dict[TopicPartition, Counted] = {}
        self.opened: set[TopicPartition] = set()
        self.stored: set[TopicPartition] = set()

    async def open(
        self, offsets: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int] | None = None
    ) -> None:
        """Mark the next record of each partition that this process has not opened before.

        The records of partitions with an earlier process's marker are handled one by one: as many as a batch can hold,
        up to the present `ends` where they are given.
        """
        partitions = sorted(offsets.keys() - self.opened)
        if not partitions:
            return
        columns = (
            [at.topic for at in partitions],
            [at.partition for at in partitions],
            [offsets[at] for at in partitions],
        )
        async with self.database.transaction() as transaction:
            rows = await transaction.fetch(OPEN, self.consumer, *columns)
        for partition in (TopicPartition(row["topic"], row["partition"]) for row in rows):
            left = ends[partition] - offsets[partition] if ends else self.suspicious_records
            if left > 0:
                self.one_by_one[partition] = min(left, self.suspicious_records)
        self.opened |= set(partitions)
        self.stored |= set(partitions)

    async def begin_attempt(self, record: Record) -> int:
        """Return the number of the attempt that begins, counted once in this process; 0 if nothing is suspicious."""
        attempts = self.attempts_of(record)
        if not attempts and topic_partition(record) in self.one_by_one:
            attempts = await self.remember(record, failed=False)
            began_before = attempts > 1
        else:
            began_before = attempts > 0
        if began_before:
            RETRIED.labels(self.database.schema, record.topic).inc()
        return attempts

    async def failed(self, record: Record) -> int:
        """Return the number of attempts so far, this failure included; outages are not failures and not counted."""
        partition = topic_partition(record)
        if (attempts := self.attempts_of(record)) and not self.counted[partition].failed:
            self.counted[partition] = Counted(record.offset, attempts, failed=True)
            return attempts
        return await self.remember(record, failed=True)

    def attempts_of(self, record: Record) -> int:
        counted = self.counted.get(topic_partition(record))
        return counted.attempts if counted and counted.offset == record.offset else 0

    async def remember(self, record: Record, failed: bool) -> int:
        attempts = await self.count(record)
        self.counted[topic_partition(record)] = Counted(record.offset, attempts, failed)
        return attempts

    async def count(self, record: Record) -> int:
        """Add one to the stored attempts of the record and return them."""
        partition = topic_partition(record)
        async with self.database.transaction() as transaction:
            attempts = int(await transaction.value(COUNT, self.consumer, *partition, record.offset))
        self.stored.add(partition)
        return attempts

    async def passed(self, partition: TopicPartition, next_offset: int) -> None:
        """Delete the counts before the next offset, once that is committed."""
        if partition in self.stored:
            await self.clear(partition, next_offset)
        if partition in self.one_by_one:
            self.one_by_one[partition] -= 1
            if not self.one_by_one[partition]:
                del self.one_by_one[partition]

    async def clear(self, partition: TopicPartition, next_offset: int) -> None:
        async with self.database.transaction() as transaction:
            await transaction.fetch(DELETE, self.consumer, *partition, next_offset)
        self.stored.discard(partition)
        self.counted.pop(partition, None)
