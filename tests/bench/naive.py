"""The naive way: FastStream a message, pydantic, one transaction an event, and neither fence nor deduplication.

Its folds and its SQL are the product's own, so the work is the same, and so must the tables be.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from shared.db import Connection, Database
from shared.delivery.folding import Folding
from shared.delivery.kafka import Record
from shared.delivery.projection import Collector, Fact, Projection, tables_of
from shared.events import Event
from tests.bench.lives import TOPICS
from tests.bench.servers import Servers
from tests.bench.waiting import PATIENCE

SERVICE = "monitoring"


class Naive:
    """Stops after so many events; `handled` are the records that it had."""

    def __init__(self, database: Database, projections: Sequence[Projection], events: int) -> None:
        self.database, self.events = database, events
        collectors = [one for projection in projections for one in projection.collectors()]
        self.heard = {
            event.type(): (event, [one for one in collectors if event in one.hears])
            for projection in projections
            for event in projection.hears
        }
        self.handled: list[Record] = []
        self.began = self.ended = 0.0
        self.done = asyncio.Event()

    async def handle(self, message: KafkaMessage) -> None:
        if self.done.is_set():
            return
        self.began = self.began or time.perf_counter()
        record: Any = message.raw_message
        headers = dict(record.headers)
        if heard := self.heard.get(headers["ce_type"].decode()):
            event, collectors = heard
            await self.fold(fact_of(event, headers, record.value), collectors)
        self.handled.append(record)
        if len(self.handled) == self.events:
            self.ended = time.perf_counter()
            self.done.set()

    async def fold(self, fact: Fact, collectors: Sequence[Collector]) -> None:
        """Nothing is held in memory from one event to the next: without a fence nobody may."""
        async with self.database.fast_transaction() as connection:
            for one in collectors:
                one.forget()
                await one.load(connection, [fact])
                one.take([fact])
                if given := one.hand_over():
                    await one.save(connection, given)


def fact_of(event: type[Event], headers: dict[str, bytes], value: bytes) -> Fact:
    said = {name.removeprefix("ce_"): text.decode() for name, text in headers.items()}
    data = event.model_validate_json(value).model_dump(mode="json", exclude_none=True)
    named = (said["type"], said["source"], said["id"], said["subject"], int(said["sequence"]))
    return Fact(*named, data["occurred_on"], said["time"], data, said.get("authid"))


async def fold(servers: Servers, projections: Sequence[Projection], events: int) -> float:
    """Events a second, once its tables are seen to be those of the product's fold of the same records."""
    await servers.empty()
    database = servers.databases[SERVICE]
    naive = Naive(database, projections, events)
    broker = KafkaBroker(servers.settings.kafka_bootstrap, logger=None, allow_auto_create_topics=False)
    group = f"bench.naive.{secrets.token_hex(4)}"
    broker.subscriber(*TOPICS, group_id=group, auto_offset_reset="earliest")(naive.handle)
    await broker.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await naive.done.wait()
    finally:
        await broker.stop()
    await prove(servers, projections, naive.handled)
    return events / (naive.ended - naive.began)


async def prove(servers: Servers, projections: Sequence[Projection], records: Sequence[Record]) -> None:
    database = servers.databases[SERVICE]
    async with database.fast_transaction() as connection:
        found = await rows(connection, projections)
    await servers.empty()
    async with database.fast_transaction() as connection:
        await Folding(projections, refuse).apply(connection, records)
        wanted = await rows(connection, projections)
    assert any(wanted.values()), "nothing was folded"
    differing = [table for table in wanted if found[table] != wanted[table]]
    assert not differing, f"not the same work: {differing}"


async def rows(connection: Connection, projections: Sequence[Projection]) -> dict[str, list[str]]:
    tables = [columns.table for columns in tables_of(projections)]
    return {
        table: [
            row["row"] for row in await connection.fetch(f"select t::text as row from {table} t order by 1")
        ]
        for table in tables
    }


async def refuse(connection: Connection, record: Record, error: Exception) -> None:
    raise error
