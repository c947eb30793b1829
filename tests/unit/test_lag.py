"""The watch over a consumer: what hangs is seen, also when it was fetched already; what is not ours is not told."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from shared.observability import lag
from shared.observability.health import Health
from shared.observability.lag import LagMonitor

AT, OTHER = TopicPartition("ieum.test", 0), TopicPartition("ieum.test", 1)


class Kafka:
    """Positions are those of the next fetch, as aiokafka's are."""

    def __init__(self) -> None:
        self.positions = {AT: 0}
        self.ends = {AT: 0, OTHER: 0}
        self.away = False

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    async def position(self, at: TopicPartition) -> int:
        return self.positions[at]

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            await asyncio.Event().wait()
        return {at: self.ends[at] for at in places}


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(lag, "time", found)
    return found


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def in_hand() -> dict[TopicPartition, int]:
    return {}


@pytest.fixture
def watch(in_hand: dict[TopicPartition, int]) -> Iterator[LagMonitor]:
    found = LagMonitor("test", Health("consumer", stuck_seconds=60.0), in_hand.get)
    found.health.progress()
    yield found
    found.drop_partitions(set(found.positions))


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"service": "test", "role": "consumer"} | labels)


async def test_a_batch_that_was_fetched_and_hangs_counts_as_behind_and_in_the_end_as_stuck(
    watch: LagMonitor, kafka: Kafka, in_hand: dict[TopicPartition, int], clock: Clock
) -> None:
    kafka.positions[AT] = kafka.ends[AT] = 200
    in_hand[AT] = 7
    await watch.measure(kafka)
    before = watch.health.problem()

    clock.now += 61.0
    await watch.measure(kafka)

    assert before is None
    assert shown("ieum_lag_records", topic="ieum.test", partition="0") == 193
    assert "ieum.test/0" in (watch.health.problem() or "")
    assert watch.oldest_seconds() == 61.0


async def test_who_is_far_behind_but_gets_on_is_ready_and_says_how_old_it_is(
    watch: LagMonitor, kafka: Kafka, clock: Clock
) -> None:
    for second in range(100):
        kafka.ends[AT], kafka.positions[AT] = 10 * (second + 1), 5 * second
        await watch.measure(kafka)
        clock.now += 1.0

    assert watch.health.problem() is None
    assert 50 <= watch.oldest_seconds() <= 52


async def test_who_waits_for_nothing_is_ready_for_ever(watch: LagMonitor, kafka: Kafka, clock: Clock) -> None:
    await watch.measure(kafka)
    clock.now += 10_000.0

    await watch.measure(kafka)

    assert (watch.health.problem(), watch.oldest_seconds()) == (None, 0.0)


async def test_a_partition_that_another_owns_now_is_told_by_the_other(
    watch: LagMonitor, kafka: Kafka
) -> None:
    kafka.positions[OTHER], kafka.ends[OTHER] = 0, 9
    await watch.measure(kafka)
    before = shown("ieum_lag_records", topic="ieum.test", partition="1")

    del kafka.positions[OTHER]
    await watch.measure(kafka)

    assert (before, shown("ieum_lag_records", topic="ieum.test", partition="1")) == (9, None)
    assert watch.oldest_seconds() == 0.0


async def test_a_kafka_that_does_not_answer_makes_unready_and_the_watch_goes_on(
    watch: LagMonitor, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "PATIENCE", 0.01)
    kafka.away = True
    await watch.try_measure(kafka)
    away = watch.health.problem()

    kafka.away = False
    await watch.try_measure(kafka)

    assert "Kafka does not answer" in (away or "")
    assert watch.health.problem() is None
