"""How things stand right now: whether all that was said is heard, and whether anything moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tools.audit.databases import Books
from tools.audit.subscriptions import CONSUMERS, FOLDED, PROJECTOR, topics_of
from tools.audit.topic_reader import PARTITIONS

Offsets = Mapping[TopicPartition, int]

COUNTERS = """
    select (select coalesce(max(position), 0) from event_log) as logged, (select count(*) from outbox) as outbox,
           (select count(*) from inbox) as inbox, (select count(*) from parked) as parked,
           (select count(*) from dead_letter) as dead
"""
PROJECTED = "select topic, partition, next from projection_offset"


@dataclass(frozen=True)
class Behind:
    """A group that has not read a partition to its end: so many records are left."""

    group: str
    topic: str
    partition: int
    records: int


@dataclass(frozen=True)
class Moment:
    """Counters by service, the topics' ends, what each group has read, and where of `watched` partitions it is behind."""

    counters: Mapping[str, Mapping[str, int]]
    ends: Offsets
    read: Mapping[str, Offsets]
    behind: Sequence[Behind]
    watched: int

    @property
    def is_quiet(self) -> bool:
        """Nothing waits to be published or to be heard."""
        return not self.behind and not any(one["outbox"] for one in self.counters.values())


class Watcher:
    """Looks again and again, over the same connections."""

    def __init__(self, books: Books, kafka: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self.books, self.kafka, self.admin = books, kafka, admin

    async def look(self) -> Moment:
        """The ends first: what is said meanwhile counts as said later."""
        first, ends = (
            await self.kafka.beginning_offsets(PARTITIONS),
            await self.kafka.end_offsets(PARTITIONS),
        )
        read = {group: await self.committed(group) for group in CONSUMERS}
        read[PROJECTOR] = await self.folded()
        hears = {group: topics_of(events) for group, events in {**CONSUMERS, PROJECTOR: FOLDED}.items()}
        watched = [(group, at) for group in hears for at in PARTITIONS if at.topic in hears[group]]
        left = [(group, at, ends[at] - max(read[group].get(at, 0), first[at])) for group, at in watched]
        behind = [Behind(group, at.topic, at.partition, records) for group, at, records in left if records]
        counters = {service: dict(await self._counters(service)) for service in self.books.connections}
        return Moment(counters, ends, read, behind, len(watched))

    async def _counters(self, service: str) -> Any:
        return (await self.books.rows(service, COUNTERS))[0]

    async def committed(self, group: str) -> Offsets:
        """What a consumer group has acknowledged."""
        found = await self.admin.list_consumer_group_offsets(group)
        return {at: one.offset for at, one in found.items() if one.offset >= 0}

    async def folded(self) -> Offsets:
        """What the projector has folded: its own table says it, Kafka only repeats it."""
        rows = await self.books.rows("monitoring", PROJECTED)
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
