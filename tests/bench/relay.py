"""The relay against a bare producer of the same client, two relays against one, and Debezium's outbox router."""

import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from shared.messaging import kafka
from tests.bench import debezium, outbox
from tests.bench.debezium import Debezium
from tests.bench.event_generator import GeneratedRecord
from tests.bench.figure import SHORT_ROUNDS_FACTOR, Contestant, Figure, measure_alternately
from tests.bench.peers import PeerMissing
from tests.bench.relay_process import SCHEMA, running_relay
from tests.bench.servers import Servers, partitions_of

ROWS = 60_000
FLUSH = 2_000
ROUTER_HEADER = "id"  # added by Debezium's router


@dataclass
class Contestants:
    """Contestants that publish the same records, each to a topic of its own, which is read back afterwards."""

    servers: Servers
    records: Sequence[GeneratedRecord] = field(repr=False)

    async def bare(self) -> float:
        """Send each record with `send()`, with a flush every 2,000."""
        topic = await self.servers.make_topic("bench.relay")
        async with kafka.create_producer(self.servers.settings) as producer:
            await producer.partitions_for(topic)
            began = time.perf_counter()
            for number, record in enumerate(self.records, start=1):
                await producer.send(topic, record.value, key=record.key, headers=record.headers)
                if number % FLUSH == 0:
                    await producer.flush()
            await producer.flush()
            took = time.perf_counter() - began
        return await self.verified_rate(topic, took)

    async def one_relay(self) -> float:
        return await self.relays(1)

    async def two_relays(self) -> float:
        return await self.relays(2)

    async def relays(self, count: int) -> float:
        """Measure so many relays, after a warm-up, from the commit of all rows until the outbox is empty."""
        topic, warm_up = [await self.servers.make_topic("bench.relay") for _ in range(2)]
        await self.servers.delete_all_rows()
        database = self.servers.databases[SCHEMA]
        async with AsyncExitStack() as stack:
            for _ in range(count):
                await stack.enter_async_context(running_relay(self.servers))
            await outbox.fill(database, warm_up, self.records)
            await outbox.until_empty(database)
            await self.servers.delete_all_rows()
            await outbox.fill(database, topic, self.records)
            began = time.perf_counter()
            await outbox.until_empty(database)
            took = time.perf_counter() - began
        return await self.verified_rate(topic, took)

    async def debezium(self, peer: Debezium) -> float:
        """Measure Debezium from the commit of all rows until the broker has the last record."""
        topic = await self.servers.make_topic("bench.relay")
        async with peer.resumed():
            await peer.insert(topic, self.records)
            began = time.perf_counter()
            await self.servers.wait_for_records(topic, len(self.records))
            took = time.perf_counter() - began
        return await self.verified_rate(topic, took)

    async def verified_rate(self, topic: str, took: float) -> float:
        """Return records a second, after a check that the topic holds exactly the records with their headers."""
        actual = Counter(
            [
                (
                    record.key,
                    record.value,
                    frozenset(header for header in record.headers if header[0] != ROUTER_HEADER),
                )
                async for record in self.servers.read(partitions_of(topic))
            ]
        )
        expected = Counter((record.key, record.value, frozenset(record.headers)) for record in self.records)
        if actual != expected:
            missing, extra = expected - actual, actual - expected
            examples = [next(iter(records), None) for records in (missing, extra)]
            raise AssertionError(f"{missing.total()} missing, {extra.total()} too many, such as {examples}")
        return len(self.records) / took


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    publishers = Contestants(servers, outbox.records(servers.sized(ROWS)))
    contestants: dict[str, Contestant] = {
        "bare": publishers.bare,
        "one": publishers.one_relay,
        "two": publishers.two_relays,
    }
    missing = ""
    gc.collect()
    gc.freeze()  # otherwise the collector traverses these records repeatedly in the bare producer's time
    async with AsyncExitStack() as stack:
        try:
            peer = await stack.enter_async_context(debezium.running(servers))
            contestants["debezium"] = partial(publishers.debezium, peer)
            await publishers.debezium(peer)  # warm-up
        except PeerMissing as reason:
            missing = str(reason)
        measured = await measure_alternately(contestants, SHORT_ROUNDS_FACTOR * rounds, servers.progress)
    gc.unfreeze()
    yield Figure("relay / bare producer", *measured.median_pair("one", "bare"), "records/s", ">= 0.7")
    yield Figure("two relays / one relay", *measured.median_pair("two", "one"), "records/s")
    yield Figure("relay / Debezium", *measured.median_pair("one", "debezium"), "records/s", ">= 1", missing)
