"""Rebuild: fold every event anew into a new generation of the projections, beside the live one.

    compare  the live generation's offsets are held still, both generations stand at the same record, and every cell is
             compared; then the new generation is dropped. The verdict is stored for the audit.
    switch   the new generation becomes the live one by one row's update: readers see the old rows or the new ones, never
             none, and wait for nothing. Used where the folds have a new version, or rows are damaged.

The new generation is folded into tables with their keys alone, outside PostgreSQL's log; before a switch they get the
readers' indexes and are logged. Whatever ends a rebuild, the next one begins with new tables.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import orjson
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.config import KafkaSettings
from shared.database.transaction import Connection
from shared.messaging.kafka import Record
from shared.projections.batch import BatchFolder
from shared.projections.generations import Generation, generation_schema, live_generation
from shared.projections.projection import Projection, tables_of
from shared.projections.table_sql import TableSql, quoted

log = structlog.get_logger()

BATCH_RECORDS = 5_000  # four times as many were no faster, and took more memory
JOIN_MEMORY = "64MB"  # with PostgreSQL's 4 MB comparing three million rows takes over four times as long
STATE_TABLES = ("projection_watermark", "projection_offset")
READERS_INDEXES = """
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = $1::regnamespace and relname = any($2::text[]) and not indisunique
"""
STORAGE_OPTIONS = """
    select relname as name, array_to_string(reloptions, ', ') as options from pg_class
    where relnamespace = $1::regnamespace and relname = any($2::text[]) and reloptions is not null
"""
GENERATION_SCHEMAS = "select nspname as name from pg_namespace where nspname ~ ('^' || $1 || '_g[0-9]+$')"
STORE_VERDICT = """
    insert into rebuild_verdict (generation, live_version, records, dead_letters, equal, differing)
    values ($1, $2, $3, $4, $5, $6::text::json)
"""
SWITCH = "update live_projection set generation = $1, version = $2, search_path = $3, switched_at = now()"
RIGHTS = {"ieum_{service}": "select, insert, update, delete", "ieum_audit": "select"}
"""Rights on a generation's tables by role; a role that does not exist is skipped."""

Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True)
class TableComparison:
    """One table: its rows in the live and in the rebuilt generation, and how many differ or stand in one alone."""

    table: str
    live: int
    rebuilt: int
    differing: int


@dataclass(frozen=True)
class RebuildResult:
    """Outcome of a rebuild: folded records, dead letters, and each table's comparison; none after a new version."""

    records: int
    dead_letters: int
    tables: Sequence[TableComparison]

    @property
    def equal(self) -> bool:
        """Whether nothing differs, and there was something to compare."""
        return (
            self.records > 0
            and any(table.live for table in self.tables)
            and not any(table.differing for table in self.tables)
        )


class Rebuild:
    """One rebuild of a service's projections; `owner_url` is the schema owner's, the only role that may create tables."""

    def __init__(
        self,
        service: str,
        owner_url: str,
        projections: Sequence[Projection],
        settings: KafkaSettings,
        version: int = 1,
    ) -> None:
        self.service, self.owner_url, self.settings, self.version = service, owner_url, settings, version
        self.tables = tables_of(projections)
        self.names = [*(table.table for table in self.tables), *STATE_TABLES]
        self.folder = BatchFolder(projections, self.count_dead_letter)
        self.dead_letters = 0
        self.records = 0

    async def count_dead_letter(self, connection: Connection, record: Record, error: Exception) -> None:
        """Count the record; the live projector has dead-lettered it."""
        self.dead_letters += 1

    async def is_outdated(self) -> bool:
        """Return whether another version of the folds made the live rows; False before the first."""
        async with AsyncExitStack() as stack:
            live = await live_generation(await self.connect(stack))
            return live.version not in (None, self.version)

    async def run(self, switch: bool = False) -> RebuildResult:
        """Rebuild and compare; with `switch` the new generation becomes the live one.

        A generation of another version of the folds is not compared. A second rebuild waits for the first.
        """
        async with AsyncExitStack() as stack:
            live_connection, folding = await self.connect(stack), await self.connect(stack)
            reader = await stack.enter_async_context(
                AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_brokers, enable_auto_commit=False)
            )
            await live_connection.execute("select pg_advisory_lock(hashtext($1))", f"{self.service}.rebuild")
            current = await live_generation(live_connection)
            schema = await self.prepare(live_connection, current)
            await folding.execute(f"set search_path = {schema}, {self.service}")
            await self.fold_up_to(reader, folding, await self.offsets(live_connection, current))
            if switch:
                await self.make_permanent(live_connection, current, schema)
            async with live_connection.transaction():
                await live_connection.execute(
                    f"lock table {self.live_schema(current)}.projection_offset in exclusive mode"
                )
                await self.fold_up_to(reader, folding, await self.offsets(live_connection, current))
                result = await self.judge(live_connection, current, schema)
                if switch:
                    await self.switch(live_connection, current, schema)
            if not switch:
                await live_connection.execute(f"drop schema {schema} cascade")
            return result

    async def connect(self, stack: AsyncExitStack) -> Connection:
        settings = {"search_path": self.service}
        connection = await asyncpg.connect(self.owner_url, server_settings=settings)
        stack.push_async_callback(connection.close)
        return connection

    def live_schema(self, current: Generation) -> str:
        return generation_schema(self.service, current.number)

    async def prepare(self, live: Connection, current: Generation) -> str:
        """Drop the generations that no reader can see, create the new one's tables and return its schema.

        The generation before the live one stays: readers that began before the last switch still see it.
        """
        retained = {
            generation_schema(self.service, number) for number in (current.number, max(current.number - 1, 0))
        }
        for row in await live.fetch(GENERATION_SCHEMAS, self.service):
            if row["name"] not in retained:
                await live.execute(f"drop schema {row['name']} cascade")
        if self.service not in retained:
            await live.execute(f"truncate {', '.join(self.names)}")
        schema = generation_schema(self.service, current.number + 1)
        await live.execute(f"create schema {schema}")
        for table in self.names:
            await live.execute(
                f'create unlogged table {schema}."{table}" (like {self.service}."{table}" including all)'
            )
        for index in await live.fetch(READERS_INDEXES, schema, self.names):
            await live.execute(f"drop index {index['name']}")
        for row in await live.fetch(STORAGE_OPTIONS, self.service, self.names):
            await live.execute(f'alter table {schema}."{row["name"]}" set ({row["options"]})')
        return schema

    async def offsets(self, live: Connection, current: Generation) -> Offsets:
        """Return the offsets up to which the live generation is folded."""
        table = f"{self.live_schema(current)}.projection_offset"
        rows = await live.fetch(f"select topic, partition, next from {table}")
        return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}

    async def fold_up_to(self, reader: AIOKafkaConsumer, connection: Connection, ends: Offsets) -> None:
        """Fold every record before the ends that was not folded here yet."""
        partitions = [at for at in ends if at.topic in self.folder.subscriptions.topics]
        if set(partitions) - reader.assignment():
            reader.assign(partitions)
            await reader.seek_to_beginning(*partitions)
        left = {at: ends[at] for at in partitions if await reader.position(at) < ends[at]}
        reader.pause(*(at for at in partitions if at not in left))
        reader.resume(*left)
        while left:
            batch = await reader.getmany(*left, timeout_ms=500, max_records=BATCH_RECORDS)
            records = [record for at, group in batch.items() for record in group if record.offset < left[at]]
            await self.fold(connection, records)
            for at in [at for at in left if await reader.position(at) >= left[at]]:
                reader.seek(at, left.pop(at))
                reader.pause(at)

    async def fold(self, connection: Connection, records: Sequence[Record]) -> None:
        """Fold one batch; after a failure once more, validating each record."""
        if not records:
            return
        try:
            await self.apply(connection, records)
        except Exception as error:
            log.warning("rebuild.fold_failed", reason=repr(error))
            self.folder.reset()
            self.folder.validating = True
            await self.apply(connection, records)
            self.folder.validating = False
        self.records += len(records)

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        async with connection.transaction():
            await self.folder.apply(connection, records)

    async def judge(self, live: Connection, current: Generation, schema: str) -> RebuildResult:
        """Compare the generations, store the verdict and return it; another version's rows are not compared."""
        await live.execute(f"set local work_mem = '{JOIN_MEMORY}'")
        tables = self.tables if current.version in (None, self.version) else []
        compared = [await self.compare(live, self.live_schema(current), schema, table) for table in tables]
        result = RebuildResult(self.records, self.dead_letters, compared)
        if compared:
            differing = {table.table: table.differing for table in compared if table.differing}
            verdict = (result.records, result.dead_letters, result.equal, orjson.dumps(differing).decode())
            await live.execute(STORE_VERDICT, current.number, current.version, *verdict)
        return result

    async def compare(self, live: Connection, old: str, new: str, table: TableSql) -> TableComparison:
        """Compare row by row by the key, to the byte (`*<>`); a row that one side lacks is null there."""
        [row] = await live.fetch(f"""
            select count(l) as live, count(r) as rebuilt,
                   count(*) filter (where coalesce(l *<> r, true)) as differing
            from {old}."{table.table}" l full join {new}."{table.table}" r using ({quoted(table.key)})
        """)
        return TableComparison(table.table, row["live"], row["rebuilt"], row["differing"])

    async def make_permanent(self, live: Connection, current: Generation, schema: str) -> None:
        """Give the new tables the readers' indexes, PostgreSQL's log and the service's and auditor's rights."""
        for index in await live.fetch(READERS_INDEXES, self.service, self.names):
            await live.execute(index["definition"].replace(f" ON {self.service}.", f" ON {schema}.", 1))
        for table in self.names:
            await live.execute(f'alter table {schema}."{table}" set logged; analyze {schema}."{table}"')
        for role, rights in RIGHTS.items():
            name = role.format(service=self.service)
            if await live.fetchval("select true from pg_roles where rolname = $1", name):
                await live.execute(
                    f"grant usage on schema {schema} to {name}; grant {rights} on all tables in schema {schema} to {name}"
                )

    async def switch(self, live: Connection, current: Generation, schema: str) -> None:
        """Make the new generation live, at the live one's offsets; a running projector is fenced and loads them."""
        await live.execute(
            f"insert into {schema}.projection_offset select * from {self.live_schema(current)}.projection_offset"
        )
        search_path = f"{schema}, {self.service}"
        await live.execute(SWITCH, current.number + 1, self.version, search_path)
        log.info("rebuild.switched", generation=current.number + 1, version=self.version)
