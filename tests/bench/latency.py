"""Commit → acknowledged by the broker, and commit → consumed: the relay beside a bare producer, and beside Debezium."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import count
from statistics import median
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

from shared.events.applications import ApplicationScreened
from shared.messaging import kafka
from shared.messaging.outbox import emit
from tests.bench import debezium, lives
from tests.bench.debezium import Debezium
from tests.bench.figure import Figure, percentile
from tests.bench.lives import Made
from tests.bench.peers import PeerMissing
from tests.bench.relaying import SCHEMA, relaying
from tests.bench.servers import Servers, places

SECONDS = {50: 12.0, 500: 6.0}
"""How long each rate (events a second) is kept up; what comes in the first second warms up and is not counted."""
LEAST = 2.0  # seconds, in a quick run
SCREENED = 1  # the step of a life that is told
PATIENCE = 120.0  # seconds
NUMBERS = count(1_000_000)  # of cases, beyond those of any other bench

Times = Sequence[float]
Found = Mapping[str, Times]
"""What was waited for -> milliseconds, one an event."""
Way = Callable[[int, float], Awaitable[Found]]
"""(rate, seconds) -> what was found."""


class Told(ApplicationScreened):
    """Goes to a topic of the bench."""


class Reader:
    """Notes when each key came, and where it stood."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.came: dict[bytes, float] = {}
        self.stood: dict[bytes, tuple[int, int]] = {}
        self.complete = asyncio.Event()

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            if record.key in self.came:
                raise AssertionError(f"twice: {record}")
            self.came[record.key] = time.monotonic()
            self.stood[record.key] = (record.partition, record.offset)
            if len(self.came) == self.wanted:
                self.complete.set()

    async def all(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.complete.wait()


@asynccontextmanager
async def reading(servers: Servers, topic: str, wanted: int) -> AsyncIterator[Reader]:
    reader = Reader(wanted)
    async with AIOKafkaConsumer(
        bootstrap_servers=servers.settings.kafka_bootstrap, enable_auto_commit=False
    ) as consumer:
        consumer.assign(places(topic))
        await consumer.seek_to_beginning()
        task = asyncio.create_task(reader.read(consumer))
        try:
            yield reader
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def paced(rate: int, seconds: float, act: Callable[[Made], Coroutine[Any, Any, None]]) -> list[bytes]:
    """Each event at its own time, whether or not those before are done; the keys of those that count."""
    began, keys = time.monotonic(), list[bytes]()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            made = lives.made(next(NUMBERS), SCREENED)
            keys.append(made.key)
            group.create_task(act(made))
    return keys[rate:]


def milliseconds(keys: Sequence[bytes], began: Mapping[bytes, float], ended: Mapping[bytes, float]) -> Times:
    return [1_000 * (ended[key] - began[key]) for key in keys]


async def bare(servers: Servers, rate: int, seconds: float) -> Found:
    """Produced and acknowledged, with nothing else."""
    topic, sent, acknowledged = await servers.make_topic("bench.latency"), {}, {}
    async with kafka.create_producer(servers.settings) as producer:

        async def send(made: Made) -> None:
            sent[made.key] = time.monotonic()
            await producer.send_and_wait(topic, made.value, key=made.key, headers=made.headers)
            acknowledged[made.key] = time.monotonic()

        keys = await paced(rate, seconds, send)
    return {"acknowledged": milliseconds(keys, sent, acknowledged)}


async def relayed(servers: Servers, rate: int, seconds: float) -> Found:
    """Through `emit` and the product's relay, which runs in a process of its own."""
    Told.topic = await servers.make_topic("bench.latency")
    database, committed = servers.databases[SCHEMA], dict[bytes, float]()

    async def commit(made: Made) -> None:
        event = Told.model_validate_json(made.value)
        async with database.asyncpg_transaction() as connection:
            await emit(connection, event)
        committed[made.key] = time.monotonic()

    async with (
        reading(servers, Told.topic, int(rate * seconds)) as reader,
        relaying(servers, stamped=True) as relay,
    ):
        keys = await paced(rate, seconds, commit)
        await reader.all()
        stamps = stamped((await relay.finish())["acknowledged"])
    acknowledged = {key: stamps[at] for key, at in reader.stood.items()}
    return {
        "acknowledged": milliseconds(keys, committed, acknowledged),
        "consumed": milliseconds(keys, committed, reader.came),
    }


def stamped(acknowledged: Sequence[Sequence[Any]]) -> dict[tuple[int, int], float]:
    """(partition, offset) -> when."""
    return {
        (partition, offset): when
        for _, partition, first, records, when in acknowledged
        for offset in range(first, first + records)
    }


async def captured(servers: Servers, peer: Debezium, rate: int, seconds: float) -> Found:
    """Through a row in Debezium's outbox."""
    topic, committed = await servers.make_topic("bench.latency"), dict[bytes, float]()
    async with (
        reading(servers, topic, int(rate * seconds)) as reader,
        peer.awake(),
        asyncpg.create_pool(peer.url, min_size=10, max_size=10) as pool,
    ):

        async def commit(made: Made) -> None:
            async with pool.acquire() as connection:
                await debezium.insert(connection, topic, [made])
            committed[made.key] = time.monotonic()

        keys = await paced(rate, seconds, commit)
        await reader.all()
    return {"consumed": milliseconds(keys, committed, reader.came)}


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    ways: dict[str, Way] = {"bare": partial(bare, servers), "relay": partial(relayed, servers)}
    missing = ""
    await servers.empty()
    async with AsyncExitStack() as stack:
        try:
            peer = await stack.enter_async_context(debezium.running(servers))
            ways["Debezium"] = partial(captured, servers, peer)
            await captured(servers, peer, 500, 2.0)  # warm
        except PeerMissing as reason:
            missing = str(reason)
        found = await measure(servers, ways, rounds)
    for rate in SECONDS:
        for figure in figures(found, rate, missing):
            yield figure


Measured = Mapping[tuple[str, str, int], Sequence[Times]]
"""(way, what, rate) -> the times of each round."""


async def measure(servers: Servers, ways: Mapping[str, Way], rounds: int) -> Measured:
    measured = defaultdict[tuple[str, str, int], list[Times]](list)
    for number in range(1, rounds + 1):
        for rate, seconds in SECONDS.items():
            for name, way in ways.items():
                for what, times in (await way(rate, max(LEAST, seconds / servers.share))).items():
                    measured[name, what, rate].append(times)
                    said = f"{percentile(times, 50):.1f} / {percentile(times, 99):.1f} ms"
                    servers.say(f"{number}/{rounds} {name} → {what}, {rate}/s: {said}")
    return measured


def figures(found: Measured, rate: int, missing: str) -> Sequence[Figure]:
    """At 50/s to be reached, at higher rates to be known."""

    def at(way: str, what: str, percent: float) -> float | None:
        rounds = found.get((way, what, rate))
        return median(percentile(times, percent) for times in rounds) if rounds else None

    def goal(text: str) -> str:
        return text if rate == min(SECONDS) else ""

    def acknowledged(percent: float, text: str) -> Figure:
        name = f"commit → acknowledged p{percent:.0f} at {rate}/s / produce → acknowledged"
        limit = at("bare", "acknowledged", percent)
        return Figure(name, at("relay", "acknowledged", percent), limit, "ms", goal(text))

    def consumed(percent: float, text: str) -> Figure:
        name = f"commit → consumed p{percent:.0f} at {rate}/s / Debezium"
        limit = at("Debezium", "consumed", percent)
        return Figure(name, at("relay", "consumed", percent), limit, "ms", goal(text), missing)

    return [acknowledged(50, "<= 3"), acknowledged(99, "<= 6"), consumed(50, "<= 0.5"), consumed(99, "")]
