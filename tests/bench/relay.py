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
from tests.bench.figure import SHORT_TURNS, Contestant, Figure, alternating
from tests.bench.lives import Made
from tests.bench.peers import PeerMissing
from tests.bench.relaying import SCHEMA, relaying
from tests.bench.servers import Servers, places

ROWS = 60_000
FLUSH = 2_000
ROUTERS_OWN = "id"  # a header that Debezium's router adds


@dataclass
class Relays:
    """The contestants: each publishes the same events to a topic of its own, and they are read back."""

    servers: Servers
    events: Sequence[Made] = field(repr=False)

    async def bare(self) -> float:
        """The plainest fast way: `send()` a record, a flush now and then."""
        topic = await self.servers.make_topic("bench.relay")
        async with kafka.create_producer(self.servers.settings) as producer:
            await producer.partitions_for(topic)
            began = time.perf_counter()
            for number, one in enumerate(self.events, start=1):
                await producer.send(topic, one.value, key=one.key, headers=one.headers)
                if number % FLUSH == 0:
                    await producer.flush()
            await producer.flush()
            took = time.perf_counter() - began
        return await self.proven(topic, took)

    async def one(self) -> float:
        return await self.relayed(1)

    async def two(self) -> float:
        return await self.relayed(2)

    async def relayed(self, relays: int) -> float:
        """From the commit of all rows until the last is acknowledged and forgotten; warmed up, as all are."""
        topic, other = [await self.servers.make_topic("bench.relay") for _ in range(2)]
        await self.servers.empty()
        database = self.servers.databases[SCHEMA]
        async with AsyncExitStack() as stack:
            for _ in range(relays):
                await stack.enter_async_context(relaying(self.servers))
            await outbox.fill(database, other, self.events)
            await outbox.until_empty(database)
            await self.servers.empty()
            await outbox.fill(database, topic, self.events)
            began = time.perf_counter()
            await outbox.until_empty(database)
            took = time.perf_counter() - began
        return await self.proven(topic, took)

    async def debezium(self, peer: Debezium) -> float:
        """From the commit of all rows until the broker has the last."""
        topic = await self.servers.make_topic("bench.relay")
        async with peer.awake():
            await peer.insert(topic, self.events)
            began = time.perf_counter()
            await self.servers.until_holds(topic, len(self.events))
            took = time.perf_counter() - began
        return await self.proven(topic, took)

    async def proven(self, topic: str, took: float) -> float:
        """Records a second, once the topic is seen to hold each record with its headers, and no other."""
        found = Counter(
            [
                (one.key, one.value, frozenset(header for header in one.headers if header[0] != ROUTERS_OWN))
                async for one in self.servers.read(places(topic))
            ]
        )
        wanted = Counter((one.key, one.value, frozenset(one.headers)) for one in self.events)
        if found != wanted:
            missing, strange = wanted - found, found - wanted
            one, other = (next(iter(some), None) for some in (missing, strange))
            raise AssertionError(f"{missing.total()} missing: {one}; {strange.total()} too many: {other}")
        return len(self.events) / took


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    relays = Relays(servers, outbox.events(servers.sized(ROWS)))
    contestants: dict[str, Contestant] = {"bare": relays.bare, "one": relays.one, "two": relays.two}
    missing = ""
    gc.collect()
    gc.freeze()  # else the collector walks through these events again and again, in the bare producer's time
    async with AsyncExitStack() as stack:
        try:
            peer = await stack.enter_async_context(debezium.running(servers))
            contestants["debezium"] = partial(relays.debezium, peer)
            await relays.debezium(peer)  # warm
        except PeerMissing as reason:
            missing = str(reason)
        found = await alternating(contestants, SHORT_TURNS * rounds, servers.say)
    gc.unfreeze()
    yield Figure("relay / bare producer", *found.pair("one", "bare"), "records/s", ">= 0.9")
    yield Figure("two relays / one relay", *found.pair("two", "one"), "records/s")
    yield Figure("relay / Debezium", *found.pair("one", "debezium"), "records/s", ">= 1.5", missing)
