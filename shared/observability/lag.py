"""Lag of a consumer or projector, and detection of stuck partitions, measured from outside its loop."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import TopicPartition

from shared.observability.health import Health
from shared.observability.metrics import LAG, LAG_SECONDS

log = structlog.get_logger()

KAFKA_TIMEOUT = 5.0  # seconds
KAFKA_UNAVAILABLE = "카프카가 답하지 않습니다 / Kafka does not answer"
MAX_SAMPLES = 3_600  # ends of a partition that are remembered, at one measurement a second


class LagMonitor:
    """Measures the lag of each assigned partition; one whose offset does not move while records wait is stuck.

    `next_offset` returns the next unhandled offset of a partition whose records are in flight, None for others. Kafka's own
    position follows what was fetched, and would hide a batch that hangs.
    """

    def __init__(
        self, service: str, health: Health, next_offset: Callable[[TopicPartition], int | None]
    ) -> None:
        self.service, self.health, self.next_offset = service, health, next_offset
        self.positions: dict[TopicPartition, int] = {}
        self.moved_at: dict[TopicPartition, float] = {}
        self.ends: dict[TopicPartition, deque[tuple[float, int]]] = {}

    async def run(self, subscriber: Any) -> None:
        """Measure once a second until cancelled, five times a second while the lag is unknown or a partition is stuck."""
        try:
            while True:
                await self.try_measure(subscriber.consumer)
                LAG_SECONDS.labels(self.service, self.health.role).set(self.oldest_seconds())
                await asyncio.sleep(0.2 if "lag" in self.health.failures else 1.0)
        finally:
            self.drop_partitions(set(self.positions))

    async def try_measure(self, kafka: Any) -> None:
        """Measure; make the role unready where Kafka does not answer in time."""
        try:
            async with asyncio.timeout(KAFKA_TIMEOUT):
                await self.measure(kafka)
        except Exception as error:
            if self.health.failures.get("lag") != KAFKA_UNAVAILABLE:
                log.warning("lag.unknown", role=self.health.role, reason=repr(error))
            self.health.failed(KAFKA_UNAVAILABLE, component="lag")

    async def measure(self, kafka: Any) -> None:
        """Measure all assigned partitions and report the stuck ones; without any the role is unready."""
        assigned = kafka.assignment() if kafka is not None else set()
        self.drop_partitions(self.positions.keys() - assigned)
        if not assigned:
            return self.health.failed(
                "아직 맡은 파티션이 없습니다 / no partition is assigned yet", component="lag"
            )
        ends = await kafka.end_offsets(sorted(assigned))
        for partition, end in ends.items():
            self.observe(partition, await self.position(kafka, partition), end)
        return self.report([partition for partition in ends if self.is_stuck(partition)])

    async def position(self, kafka: Any, partition: TopicPartition) -> int:
        """Return the next offset to be handled: Kafka's own position where no record is in flight."""
        next_offset = self.next_offset(partition)
        return int(await kafka.position(partition)) if next_offset is None else next_offset

    def observe(self, partition: TopicPartition, position: int, end: int) -> None:
        """Record one measurement: when the position last moved, and when each end beyond it was first seen."""
        now, ends = time.monotonic(), self.ends.setdefault(partition, deque(maxlen=MAX_SAMPLES))
        labels = (self.service, self.health.role, partition.topic, partition.partition)
        LAG.labels(*labels).set(max(0, end - position))
        if self.positions.get(partition) != position:
            self.positions[partition], self.moved_at[partition] = position, now
        if not ends or ends[-1][1] < end:
            ends.append((now, end))
        while ends and ends[0][1] <= position:
            ends.popleft()
        if not ends:
            self.moved_at[partition] = now

    def oldest_seconds(self) -> float:
        """Return the seconds since the oldest unhandled record was first seen, 0 without lag."""
        now = time.monotonic()
        return max((now - ends[0][0] for ends in self.ends.values() if ends), default=0.0)

    def is_stuck(self, partition: TopicPartition) -> bool:
        return time.monotonic() - self.moved_at[partition] > self.health.stuck_seconds

    def report(self, stuck: list[TopicPartition]) -> None:
        if not stuck:
            return self.health.progress(component="lag")
        names = ", ".join(f"{at.topic}/{at.partition}" for at in stuck[:3])
        return self.health.failed(
            f"파티션이 멈춰 있습니다: {names} / partitions stand still", component="lag"
        )

    def drop_partitions(self, revoked: set[TopicPartition]) -> None:
        """Delete the state and the metric of partitions that another process owns, and reports, from now on."""
        states: tuple[dict[TopicPartition, Any], ...] = (self.positions, self.moved_at, self.ends)
        for partition in revoked:
            for state in states:
                state.pop(partition, None)
            LAG.remove(self.service, self.health.role, partition.topic, str(partition.partition))
