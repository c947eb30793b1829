"""Lag monitor: a stuck partition is detected, even with its records already fetched; revoked partitions are dropped."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from shared.observability import lag
from shared.observability.health import Health
from shared.observability.lag import LagMonitor

PARTITION, OTHER = TopicPartition("ieum.test", 0), TopicPartition("ieum.test", 1)


class Kafka:
    """A fake consumer: positions are those of the next fetch, as aiokafka's are."""

    def __init__(self) -> None:
        self.positions = {PARTITION: 0}
        self.ends = {PARTITION: 0, OTHER: 0}
        self.unavailable = False

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.unavailable:
            await asyncio.Event().wait()
        return {partition: self.ends[partition] for partition in partitions}


class Clock:
    """A monotonic clock that a test advances."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lag, "time", clock)
    return clock


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def next_offsets() -> dict[TopicPartition, int]:
    return {}


@pytest.fixture
def monitor(next_offsets: dict[TopicPartition, int]) -> Iterator[LagMonitor]:
    monitor = LagMonitor("test", Health("consumer", stuck_seconds=60.0), next_offsets.get)
    monitor.health.progress()
    yield monitor
    monitor.drop_partitions(set(monitor.positions))


def exported(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"service": "test", "role": "consumer"} | labels)


async def test_fetched_batch_that_hangs_counts_as_lag_and_then_as_stuck(
    monitor: LagMonitor, kafka: Kafka, next_offsets: dict[TopicPartition, int], clock: Clock
) -> None:
    kafka.positions[PARTITION] = kafka.ends[PARTITION] = 200
    next_offsets[PARTITION] = 7
    await monitor.measure(kafka)
    before = monitor.health.problem()

    clock.now += 61.0
    await monitor.measure(kafka)

    assert before is None
    assert exported("ieum_lag_records", topic="ieum.test", partition="0") == 193
    assert "ieum.test/0" in (monitor.health.problem() or "")
    assert monitor.oldest_seconds() == 61.0


async def test_consumer_with_lag_and_progress_is_ready_and_reports_the_age(
    monitor: LagMonitor, kafka: Kafka, clock: Clock
) -> None:
    for second in range(100):
        kafka.ends[PARTITION], kafka.positions[PARTITION] = 10 * (second + 1), 5 * second
        await monitor.measure(kafka)
        clock.now += 1.0

    assert monitor.health.problem() is None
    assert 50 <= monitor.oldest_seconds() <= 52


async def test_consumer_without_lag_stays_ready(monitor: LagMonitor, kafka: Kafka, clock: Clock) -> None:
    await monitor.measure(kafka)
    clock.now += 10_000.0

    await monitor.measure(kafka)

    assert (monitor.health.problem(), monitor.oldest_seconds()) == (None, 0.0)


async def test_revoked_partition_is_no_longer_exported(monitor: LagMonitor, kafka: Kafka) -> None:
    kafka.positions[OTHER], kafka.ends[OTHER] = 0, 9
    await monitor.measure(kafka)
    before = exported("ieum_lag_records", topic="ieum.test", partition="1")

    del kafka.positions[OTHER]
    await monitor.measure(kafka)

    assert (before, exported("ieum_lag_records", topic="ieum.test", partition="1")) == (9, None)
    assert monitor.oldest_seconds() == 0.0


async def test_unavailable_kafka_makes_unready_until_it_answers(
    monitor: LagMonitor, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "KAFKA_TIMEOUT", 0.01)
    kafka.unavailable = True
    await monitor.try_measure(kafka)
    unavailable = monitor.health.problem()

    kafka.unavailable = False
    await monitor.try_measure(kafka)

    assert "Kafka does not answer" in (unavailable or "")
    assert monitor.health.problem() is None
