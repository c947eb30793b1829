"""How far everything has got at one moment: what waits to be published, and what each group has read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tools.audit.contract import GROUPS, PROJECTOR, SERVICES, SUBSCRIPTIONS
from tools.audit.database import Database, connected
from tools.audit.target import Target
from tools.audit.topic_reader import Partitions, partitions

Offsets = Mapping[TopicPartition, int]

COUNTERS = """
    select (select coalesce(max(position), 0) from {service}.event_log) as logged,
           (select count(*) from {service}.outbox) as outbox, (select count(*) from {service}.inbox) as inbox,
           (select count(*) from {service}.parked) as parked, (select count(*) from {service}.dead_letter) as dead
"""
PROJECTED = "select topic, partition, next from projection_offset"


@dataclass(frozen=True)
class Lag:
    """A partition that a group has not read to its end, and how many records are left."""

    group: str
    topic: str
    partition: int
    records: int


@dataclass(frozen=True)
class Snapshot:
    """Counters by service, the end of each partition, what each group has read, and where of `watched` partitions it lags."""

    counters: Mapping[str, Mapping[str, int]]
    ends: Offsets
    read: Mapping[str, Offsets]
    lags: Sequence[Lag]
    watched: int

    @property
    def is_quiet(self) -> bool:
        """Return whether nothing waits to be published or to be read."""
        return not self.lags and not any(counters["outbox"] for counters in self.counters.values())


class Watcher:
    """Takes snapshots over the same connections."""

    def __init__(
        self, database: Database, kafka: AIOKafkaConsumer, admin: AIOKafkaAdminClient, partitions: Partitions
    ) -> None:
        self.database, self.kafka, self.admin, self.partitions = database, kafka, admin, partitions

    async def take(self) -> Snapshot:
        """Take the ends of the partitions first: what is published meanwhile counts as later."""
        first, ends = (
            await self.kafka.beginning_offsets(self.partitions),
            await self.kafka.end_offsets(self.partitions),
        )
        read = {group: await self.committed(group) for group in SUBSCRIPTIONS}
        read[PROJECTOR] = await self.projected()
        watched = [
            (group, at) for group, topics in GROUPS.items() for at in self.partitions if at.topic in topics
        ]
        left = [(group, at, ends[at] - max(read[group].get(at, 0), first[at])) for group, at in watched]
        lags = [Lag(group, at.topic, at.partition, records) for group, at, records in left if records]
        counters = {service: dict(await self._counters(service)) for service in SERVICES}
        return Snapshot(counters, ends, read, lags, len(watched))

    async def _counters(self, service: str) -> Any:
        return (await self.database.rows(COUNTERS.format(service=service)))[0]

    async def committed(self, group: str) -> Offsets:
        """Return the offsets that a consumer group has committed."""
        offsets = await self.admin.list_consumer_group_offsets(group)
        return {at: committed.offset for at, committed in offsets.items() if committed.offset >= 0}

    async def projected(self) -> Offsets:
        """Return the offsets that the projector has folded: its own table is the truth, Kafka only repeats it."""
        await self.database.read_live_generation(for_transaction=False)
        rows = await self.database.rows(PROJECTED)
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


@asynccontextmanager
async def watching(target: Target) -> AsyncIterator[Watcher]:
    """Connect a watcher to the installation."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(connected(target.database_url))
        admin = AIOKafkaAdminClient(bootstrap_servers=target.kafka)
        await admin.start()
        stack.push_async_callback(admin.close)
        places = await partitions(admin)
        reader = AIOKafkaConsumer(bootstrap_servers=target.kafka, enable_auto_commit=False)
        kafka = await stack.enter_async_context(reader)
        kafka.assign(places)  # an unassigned partition would be asked for one by one
        kafka.pause(*places)
        yield Watcher(database, kafka, admin, places)
