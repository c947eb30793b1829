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
from shared.database.engine import Connection, Database, is_away
from shared.database.tables import SharedTable
from shared.events import RecordDeadLettered
from shared.messaging import burial
from shared.messaging.kafka import FOLD_BYTES, Record, acknowledge, age, place, subscribe
from shared.messaging.spans import folding
from shared.observability.health import Health
from shared.observability.metrics import BATCH_RECORDS, FOLD_SECONDS, FOLDED_AGE, ROLLED_BACK
from shared.projections.batch import Folded, Folding
from shared.projections.projection import Fact, Projection

log = structlog.get_logger()

Positions = dict[TopicPartition, int]
Runs = dict[TopicPartition, list[Record]]
"""What a batch brings of each partition, in order."""

PART = 1_000  # records that the client decodes at once

MOVE = """
    update projection_offset o set next = moved.next
    from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as moved (topic, partition, expected, next)
    where o.topic = moved.topic and o.partition = moved.partition and o.next = moved.expected and o.epoch = $5
    returning 1
"""
START = """
    insert into projection_offset (topic, partition, next, epoch)
    select u.*, 0, (select coalesce(max(epoch), 0) from projection_offset)
    from unnest($1::text[], $2::int[]) as u on conflict do nothing
"""


class Offset(SharedTable, table=True):
    """The next record that the projector wants of each partition; `epoch` counts the swaps for rebuilt rows."""

    __tablename__ = "projection_offset"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next: int = Field(sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Fenced(Exception):
    """The offsets are not where we left them: a partition is no longer ours, or its rows were swapped."""


class Turn(NamedTuple):
    """A batch that is folded in memory, on its way into the database: the facts that were new, what is to be written."""

    runs: Runs
    records: Sequence[Record]
    expected: Positions
    following: Positions
    facts: Sequence[Fact]
    folded: Folded


class Projector(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One group folds all projections of a service; `touches` says what a fact concerns, for who listens."""

    def __init__(
        self,
        database: Database,
        projections: Sequence[Projection],
        told: type[RecordDeadLettered],
        settings: Settings,
        *,
        health: Health | None = None,
        touches: Callable[[Fact], str | None] = lambda fact: None,
    ) -> None:
        self.database, self.told, self.settings, self.touches = database, told, settings, touches
        self.folding = Folding(projections, self.bury)
        self.health = health or Health("projector")
        self.positions: Positions = {}  # of what is committed
        self.taken: Positions = {}  # of what is folded in memory
        self.last_known: Positions = {}
        self.life = object()  # another one whenever all is forgotten, or Kafka was told where to begin
        self.folds = asyncio.Lock()  # nothing is forgotten while a batch is folded
        self.writing: asyncio.Task[None] | None = None
        self.epoch = 0
        self.failures = 0

    def subscribe(self, broker: KafkaBroker, **options: Any) -> Any:
        batch = {
            "max_records": min(PART, self.settings.projector_batch),
            "batch_timeout_ms": self.settings.batch_timeout_ms,
            "max_partition_fetch_bytes": FOLD_BYTES,
            # the same partitions of all topics: then a row that two topics feed is written by one projector
            "partition_assignment_strategy": [RangePartitionAssignor],
        }
        group = f"{self.database.schema}.projector"
        self.subscriber = subscribe(
            broker, self.receive, self.folding.hearing.topics, group, **({"listener": self} | batch | options)
        )
        return self.subscriber

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        async with self.folds:
            self.let_go()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self.written()
        await self.start_again()

    def settled(self, at: TopicPartition) -> int | None:
        """The next record that is not folded, as far as it was ever known: what is asked again was not folded since."""
        return self.positions.get(at, self.last_known.get(at))

    def let_go(self) -> None:
        """Nothing that we remember is sure any more; the database is asked again."""
        self.last_known |= self.positions
        self.positions, self.taken, self.life = {}, {}, object()
        self.folding.forget()

    async def written(self) -> None:
        """Until what was folded is in the database, or rolled back."""
        if self.writing is not None:
            await asyncio.shield(self.writing)

    async def end(self) -> None:
        """What is being written is cut off: it comes again."""
        if self.writing is not None:
            self.writing.cancel()
            await asyncio.wait([self.writing])

    async def receive(self, records: Any) -> None:
        """Fold, wait for the batch before to be written, and begin to write this one."""
        life, runs = self.life, Runs()
        try:
            gathered = await self.gather(records)
            async with self.folds:
                if self.life is not life or not self.taken:  # they may have overtaken what was rolled back
                    return await self.resync()
                runs = self.in_sequence(gathered)
                if not runs:
                    return None
                turn = await self.fold(by_place([first_of(runs)]) if self.failures > 1 else runs)
        except Exception as error:
            await self.written()
            if self.life is life:
                await self.roll_back(error, runs)
            return None
        except BaseException:
            self.let_go()
            raise
        await self.written()
        if self.life is life:
            self.writing = asyncio.create_task(self.write(turn))
            if self.failures:
                await self.written()
        return None

    async def gather(self, part: Sequence[Record]) -> Runs:
        """A batch of what is there already, part by part: Postgres need not wait for its next statement."""
        runs, taken = by_place(part), len(part)
        while taken % PART == 0 and taken < self.settings.projector_batch and not self.failures:
            await asyncio.sleep(0)
            found = await self.subscriber.consumer.getmany(max_records=PART)
            if not found:
                break
            for at, run in found.items():
                runs.setdefault(at, []).extend(run)
                taken += len(run)
        return runs

    def in_sequence(self, runs: Runs) -> Runs:
        """Not what was revoked since it was fetched, nor what was handled already."""
        mine = {at: since(run, self.taken[at]) for at, run in runs.items() if at in self.taken}
        return {at: run for at, run in mine.items() if run}

    async def fold(self, runs: Runs) -> Turn:
        records = [record for run in runs.values() for record in run]
        following = {at: run[-1].offset + 1 for at, run in runs.items()}
        expected = {at: self.taken[at] for at in following}
        async with self.database.snapshot() as connection:
            facts = await self.folding.fold(connection, records)
        self.taken |= following
        return Turn(runs, records, expected, following, facts, self.folding.hand_over())

    async def write(self, turn: Turn) -> None:
        try:
            await self.save(turn)
            await self.went_well()
        except Exception as error:
            await self.roll_back(error, turn.runs)
        except BaseException:
            self.let_go()
            raise

    async def save(self, turn: Turn) -> None:
        group, heard = f"{self.database.schema}.projector", self.folding.hearing.types
        with FOLD_SECONDS.labels(self.database.schema).time(), folding(group, turn.records, heard):
            async with self.database.batch_transaction() as connection:
                await self.move(connection, turn.expected, turn.following)
                await self.folding.save(connection, turn.folded)
                await self.notify(connection, turn.facts)
        BATCH_RECORDS.labels(self.database.schema).observe(len(turn.records))
        FOLDED_AGE.labels(self.database.schema).observe(age(run[0] for run in turn.runs.values()))
        self.positions |= {at: n for at, n in turn.following.items() if at in self.positions}
        await acknowledge(self.subscriber, turn.following)

    async def went_well(self) -> None:
        single, self.failures, self.folding.suspicious = self.failures > 1, 0, False
        self.health.progress()
        if single:
            await self.start_again()

    async def move(self, connection: Connection, expected: Positions, following: Positions) -> None:
        """The fence: the first statement of the transaction, and it moves all partitions or none."""
        places = sorted(following)
        moved = await connection.fetch(
            MOVE,
            [at.topic for at in places],
            [at.partition for at in places],
            [expected[at] for at in places],
            [following[at] for at in places],
            self.epoch,
        )
        if len(moved) != len(places):
            raise Fenced

    async def notify(self, connection: Connection, facts: Sequence[Fact]) -> None:
        touched = {what for fact in facts if (what := self.touches(fact))}
        if facts:
            payload = ",".join(sorted(touched))[:7_000]
            await connection.execute("select pg_notify(current_schema() || '.projected', $1)", payload)

    async def bury(self, connection: Connection, record: Record, error: Exception) -> None:
        await burial.bury(connection, self.told, "projector", record, error)

    async def roll_back(self, error: Exception, runs: Runs) -> None:
        self.failures += 1
        self.folding.suspicious = True
        kind = "fenced" if isinstance(error, Fenced) else "away" if is_away(error) else "failed"
        ROLLED_BACK.labels(self.database.schema, kind).inc()
        log.warning("projector.rolled_back", kind=kind, reason=repr(error))
        if self.failures > 1:
            self.health.failed(
                f"현황 반영이 거듭 실패합니다({type(error).__name__}) / folding fails again and again"
            )
            grown = self.settings.backoff_seconds * 2 ** min(self.failures, 20)
            await asyncio.sleep(min(self.settings.backoff_limit_seconds, grown))
        if kind == "failed" and runs and self.failures >= self.settings.delivery_attempts:
            await self.pass_over(first_of(runs), error)
        await self.start_again()

    async def start_again(self) -> None:
        async with self.folds:
            await self.resync()

    async def pass_over(self, record: Record, error: Exception) -> None:
        """The record at which the fold fails again and again becomes a dead letter, alone; or comes once more."""
        at = place(record)
        try:
            async with self.database.fast_transaction() as connection:
                await self.move(connection, {at: record.offset}, {at: record.offset + 1})
                await self.bury(connection, record, error)
        except Exception as another:
            log.warning("projector.not_passed_over", reason=repr(another))
        else:
            self.failures = 0

    async def resync(self) -> None:
        """Stand where the database says: after a rebalance or a failure nothing else is true."""
        self.let_go()
        while (kafka := self.subscriber.consumer) is not None:
            mine = sorted(kafka.assignment())
            try:
                stored = await self.stored(mine)
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
            self.positions[at] = self.taken[at] = stored[at]
        self.life = object()  # what was fetched meanwhile comes again
        self.health.progress()

    async def stored(self, places: Sequence[TopicPartition]) -> Positions:
        async with self.database.fast_transaction() as connection:
            await connection.execute(START, [at.topic for at in places], [at.partition for at in places])
            rows = await connection.fetch("select topic, partition, next, epoch from projection_offset")
        self.epoch = max((row["epoch"] for row in rows), default=0)
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


def by_place(records: Iterable[Record]) -> Runs:
    runs: Runs = {}
    for record in records:
        runs.setdefault(place(record), []).append(record)
    return runs


def first_of(runs: Runs) -> Record:
    return next(iter(runs.values()))[0]


def since(run: list[Record], offset: int) -> list[Record]:
    return run if run[0].offset >= offset else [one for one in run if one.offset >= offset]
