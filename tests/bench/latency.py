"""Latency from commit to acknowledgement and to consumption: the relay beside a bare producer, and beside Debezium."""

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
from tests.bench import debezium, event_generator
from tests.bench.debezium import Debezium
from tests.bench.event_generator import GeneratedRecord
from tests.bench.figure import Figure, percentile
from tests.bench.peers import PeerMissing
from tests.bench.relay_process import SCHEMA, running_relay
from tests.bench.servers import Servers, partitions_of

SECONDS = {50: 12.0, 500: 6.0}
"""Duration by rate (events a second); the first second of each is a warm-up and is not counted."""
MIN_SECONDS = 2.0  # of a quick run
SCREENED = 1  # the generator's step whose event is sent
TIMEOUT = 120.0  # seconds
NUMBERS = count(1_000_000)  # of cases, beyond those of any other benchmark

Times = Sequence[float]
Latencies = Mapping[str, Times]
"""Measured stage -> milliseconds, one an event."""
Contestant = Callable[[int, float], Awaitable[Latencies]]
"""(rate, seconds) -> latencies."""


class BenchScreened(ApplicationScreened):
    """An event for a topic of the benchmark."""


class Reader:
    """Notes when each key arrived, and at which partition and offset; `complete` is set after `expected` keys."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.arrived_at: dict[bytes, float] = {}
        self.positions: dict[bytes, tuple[int, int]] = {}
        self.complete = asyncio.Event()

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            if record.key in self.arrived_at:
                raise AssertionError(f"twice: {record}")
            self.arrived_at[record.key] = time.monotonic()
            self.positions[record.key] = (record.partition, record.offset)
            if len(self.arrived_at) == self.expected:
                self.complete.set()

    async def wait_for_all(self) -> None:
        async with asyncio.timeout(TIMEOUT):
            await self.complete.wait()


@asynccontextmanager
async def running_reader(servers: Servers, topic: str, expected: int) -> AsyncIterator[Reader]:
    reader = Reader(expected)
    async with AIOKafkaConsumer(
        bootstrap_servers=servers.settings.kafka_bootstrap, enable_auto_commit=False
    ) as consumer:
        consumer.assign(partitions_of(topic))
        await consumer.seek_to_beginning()
        task = asyncio.create_task(reader.read(consumer))
        try:
            yield reader
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def at_rate(
    rate: int, seconds: float, act: Callable[[GeneratedRecord], Coroutine[Any, Any, None]]
) -> list[bytes]:
    """Start `act` for each record at its own time, whether or not earlier ones are done; return the counted keys."""
    began, keys = time.monotonic(), list[bytes]()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            record = event_generator.generate(next(NUMBERS), SCREENED)
            keys.append(record.key)
            group.create_task(act(record))
    return keys[rate:]


def milliseconds(keys: Sequence[bytes], began: Mapping[bytes, float], ended: Mapping[bytes, float]) -> Times:
    return [1_000 * (ended[key] - began[key]) for key in keys]


async def bare(servers: Servers, rate: int, seconds: float) -> Latencies:
    """Measure a bare producer: produce → acknowledged."""
    topic, sent, acknowledged = await servers.make_topic("bench.latency"), {}, {}
    async with kafka.create_producer(servers.settings) as producer:

        async def send(record: GeneratedRecord) -> None:
            sent[record.key] = time.monotonic()
            await producer.send_and_wait(topic, record.value, key=record.key, headers=record.headers)
            acknowledged[record.key] = time.monotonic()

        keys = await at_rate(rate, seconds, send)
    return {"acknowledged": milliseconds(keys, sent, acknowledged)}


async def through_relay(servers: Servers, rate: int, seconds: float) -> Latencies:
    """Measure `emit` and the product's relay, which runs in a process of its own."""
    BenchScreened.topic = await servers.make_topic("bench.latency")
    database, committed = servers.databases[SCHEMA], dict[bytes, float]()

    async def commit(record: GeneratedRecord) -> None:
        event = BenchScreened.model_validate_json(record.value)
        async with database.transaction() as transaction:
            await emit(transaction, event)
        committed[record.key] = time.monotonic()

    async with (
        running_reader(servers, BenchScreened.topic, int(rate * seconds)) as reader,
        running_relay(servers, record_acknowledgements=True) as relay,
    ):
        keys = await at_rate(rate, seconds, commit)
        await reader.wait_for_all()
        times = acknowledgement_times((await relay.finish())["acknowledged"])
    acknowledged = {key: times[position] for key, position in reader.positions.items()}
    return {
        "acknowledged": milliseconds(keys, committed, acknowledged),
        "consumed": milliseconds(keys, committed, reader.arrived_at),
    }


def acknowledgement_times(acknowledged: Sequence[Sequence[Any]]) -> dict[tuple[int, int], float]:
    """Return the acknowledgement time of each (partition, offset)."""
    return {
        (partition, offset): when
        for _, partition, first, records, when in acknowledged
        for offset in range(first, first + records)
    }


async def through_debezium(servers: Servers, peer: Debezium, rate: int, seconds: float) -> Latencies:
    """Measure a row in Debezium's outbox."""
    topic, committed = await servers.make_topic("bench.latency"), dict[bytes, float]()
    async with (
        running_reader(servers, topic, int(rate * seconds)) as reader,
        peer.resumed(),
        asyncpg.create_pool(peer.url, min_size=10, max_size=10) as pool,
    ):

        async def commit(record: GeneratedRecord) -> None:
            async with pool.acquire() as connection:
                await debezium.insert(connection, topic, [record])
            committed[record.key] = time.monotonic()

        keys = await at_rate(rate, seconds, commit)
        await reader.wait_for_all()
    return {"consumed": milliseconds(keys, committed, reader.arrived_at)}


async def run(servers: Servers, rounds: int) -> AsyncIterator[Figure]:
    contestants: dict[str, Contestant] = {
        "bare": partial(bare, servers),
        "relay": partial(through_relay, servers),
    }
    missing = ""
    await servers.delete_all_rows()
    async with AsyncExitStack() as stack:
        try:
            peer = await stack.enter_async_context(debezium.running(servers))
            contestants["Debezium"] = partial(through_debezium, servers, peer)
            await through_debezium(servers, peer, 500, 2.0)  # warm-up
        except PeerMissing as reason:
            missing = str(reason)
        measured = await measure(servers, contestants, rounds)
    for rate in SECONDS:
        for figure in figures(measured, rate, missing):
            yield figure


Measured = Mapping[tuple[str, str, int], Sequence[Times]]
"""(contestant, stage, rate) -> the times of each round."""


async def measure(servers: Servers, contestants: Mapping[str, Contestant], rounds: int) -> Measured:
    measured = defaultdict[tuple[str, str, int], list[Times]](list)
    for number in range(1, rounds + 1):
        for rate, seconds in SECONDS.items():
            duration = max(MIN_SECONDS, seconds / servers.divisor)
            for name, contestant in contestants.items():
                for stage, times in (await contestant(rate, duration)).items():
                    measured[name, stage, rate].append(times)
                    summary = f"{percentile(times, 50):.1f} / {percentile(times, 99):.1f} ms"
                    servers.progress(f"{number}/{rounds} {name} → {stage}, {rate}/s: {summary}")
    return measured


def figures(measured: Measured, rate: int, missing: str) -> Sequence[Figure]:
    """Return the figures of a rate; they have goals at the lowest rate only."""

    def at(contestant: str, stage: str, percent: float) -> float | None:
        rounds = measured.get((contestant, stage, rate))
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
