"""All projections once more from the first record, beside the live ones; then compared, then swapped.

shadow   the same tables in a schema of their own, owned by the migrating role; with their keys, but without the
         indexes of readers and without PostgreSQL's log: whatever ends a rebuild, the next begins with new ones
compare  while the live projector's offsets are held still, both are at the same record: every cell is compared
swap     in one transaction; readers see the old rows or the new ones, never none
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.config import Settings
from shared.database.engine import Connection
from shared.messaging.kafka import Record
from shared.projections.batch import BatchFolder
from shared.projections.projection import Projection, tables_of
from shared.projections.upserts import TableSql, quoted

log = structlog.get_logger()

BATCH = 5_000  # four times as many were no faster, and took more memory
JOIN_MEMORY = (
    "64MB"  # with PostgreSQL's 4 MB a comparison of three million rows takes over four times as long
)
READERS_INDEXES = """
    select indexrelid::regclass::text as name
    from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = $1::regnamespace and not indisunique
"""
Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True)
class TableComparison:
    """One table: rows in the live one and in the rebuilt one, and how many are not the same in both, or in one alone."""

    table: str
    live: int
    rebuilt: int
    differing: int


@dataclass(frozen=True)
class RebuildResult:
    records: int
    dead: int
    tables: Sequence[TableComparison]

    @property
    def equal(self) -> bool:
        """Nothing differs, and there was something to compare."""
        return (
            self.records > 0
            and any(one.live for one in self.tables)
            and not any(one.differing for one in self.tables)
        )


class Rebuild:
    """`owner_url` is the schema owner's: it alone may make tables."""

    def __init__(
        self, schema: str, owner_url: str, projections: Sequence[Projection], settings: Settings
    ) -> None:
        self.schema, self.shadow, self.owner_url, self.settings = (
            schema,
            f"{schema}_shadow",
            owner_url,
            settings,
        )
        self.tables = tables_of(projections)
        self.written = [*(columns.table for columns in self.tables), "projection_mark"]
        self.folder = BatchFolder(projections, self.count_dead)
        self.dead_letters = 0
        self.records = 0

    async def count_dead(self, connection: Connection, record: Record, error: Exception) -> None:
        """The live projector buried it; here it is only counted."""
        self.dead_letters += 1

    async def run(self, swap: bool = False) -> RebuildResult:
        async with AsyncExitStack() as stack:
            live = await self.connect(stack, self.schema)
            shadow = await self.connect(stack, self.shadow)
            reader = await stack.enter_async_context(
                AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_brokers, enable_auto_commit=False)
            )
            # A second rebuild waits: both would use the same shadow. The lock goes with the connection.
            await live.execute("select pg_advisory_lock(hashtext($1))", self.shadow)
            await self.prepare(live)
            await self.fold_up_to(reader, shadow, await self.offsets(live))
            async with live.transaction():
                await live.execute("lock table projection_offset in share row exclusive mode")
                await self.fold_up_to(reader, shadow, await self.offsets(live))
                await live.execute(f"set local work_mem = '{JOIN_MEMORY}'")
                result = RebuildResult(
                    self.records,
                    self.dead_letters,
                    [await self.compare(live, table) for table in self.tables],
                )
                if swap:
                    await self.swap(live)
            await live.execute(f"drop schema if exists {self.shadow} cascade")
            return result

    async def connect(self, stack: AsyncExitStack, schema: str) -> Connection:
        connection = await asyncpg.connect(self.owner_url, server_settings={"search_path": schema})
        stack.push_async_callback(connection.close)
        return connection

    async def prepare(self, live: Connection) -> None:
        await live.execute(f"drop schema if exists {self.shadow} cascade; create schema {self.shadow}")
        for table in self.written:
            await live.execute(
                f'create unlogged table {self.shadow}."{table}" (like {self.schema}."{table}" including all)'
            )
        for index in await live.fetch(READERS_INDEXES, self.shadow):
            await live.execute(f"drop index {index['name']}")

    async def offsets(self, live: Connection) -> Offsets:
        rows = await live.fetch("select topic, partition, next from projection_offset")
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}

    async def fold_up_to(self, reader: AIOKafkaConsumer, shadow: Connection, ends: Offsets) -> None:
        """Every record before the ends that was not folded here yet."""
        places = [at for at in ends if at.topic in self.folder.subscriptions.topics]
        if set(places) - reader.assignment():
            reader.assign(places)
            await reader.seek_to_beginning(*places)
        left = {at: ends[at] for at in places if await reader.position(at) < ends[at]}
        reader.pause(*(at for at in places if at not in left))
        reader.resume(*left)
        while left:
            batch = await reader.getmany(*left, timeout_ms=500, max_records=BATCH)
            await self.fold(
                shadow, [r for at, records in batch.items() for r in records if r.offset < left[at]]
            )
            for at in [at for at in left if await reader.position(at) >= left[at]]:
                reader.seek(at, left.pop(at))
                reader.pause(at)

    async def fold(self, shadow: Connection, records: Sequence[Record]) -> None:
        if not records:
            return
        try:
            await self.apply(shadow, records)
        except Exception as error:
            log.warning("rebuild.fold_failed", reason=repr(error))
            self.folder.reset()
            self.folder.validating = True
            await self.apply(shadow, records)
            self.folder.validating = False
        self.records += len(records)

    async def apply(self, shadow: Connection, records: Sequence[Record]) -> None:
        async with shadow.transaction():
            await self.folder.apply(shadow, records)

    async def compare(self, live: Connection, columns: TableSql) -> TableComparison:
        """Row by row by the key, to the byte (`*<>`); a row that one of both lacks is null there."""
        table = columns.table
        [row] = await live.fetch(f"""
            select count(l) as live, count(r) as rebuilt,
                   count(*) filter (where coalesce(l *<> r, true)) as differing
            from {self.schema}."{table}" l full join {self.shadow}."{table}" r using ({quoted(columns.key)})
        """)
        return TableComparison(table, row["live"], row["rebuilt"], row["differing"])

    async def swap(self, live: Connection) -> None:
        """The new epoch makes a running projector load what it holds in memory anew."""
        for table in self.written:
            await live.execute(f'truncate {self.schema}."{table}"')
            await live.execute(f'insert into {self.schema}."{table}" select * from {self.shadow}."{table}"')
        await live.execute("update projection_offset set epoch = epoch + 1")
