"""How far a consumer or projector is behind, and whether it gets on; looked at from outside its loop."""

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

KAFKA_TIMEOUT = 5.0  # seconds that Kafka has to answer
KAFKA_UNAVAILABLE = "카프카가 답하지 않습니다 / Kafka does not answer"
MAX_SAMPLES = 3_600  # ends of a partition that are remembered, at a look a second


class LagMonitor:
    """Positions must move while records wait. `settled` says what is done of a partition in hand, None of another:
    what was fetched is not done, so Kafka's own position would hide a batch that hangs."""

    def __init__(self, service: str, health: Health, next_offset: Callable[[TopicPartition], int | None]) -> None:
        self.service, self.health, self.next_offset = service, health, next_offset
        self.positions: dict[TopicPartition, int] = {}
        self.moved_at: dict[TopicPartition, float] = {}
        self.ends: dict[TopicPartition, deque[tuple[float, int]]] = {}

    async def run(self, subscriber: Any) -> None:
        """Until cancelled: progress, not the process, is what makes a consumer ready."""
        try:
            while True:
                await self.try_measure(subscriber.consumer)
                LAG_SECONDS.labels(self.service, self.health.role).set(self.oldest_seconds())
                await asyncio.sleep(0.2 if "lag" in self.health.failures else 1.0)
        finally:
            self.drop_partitions(set(self.positions))

    async def try_measure(self, kafka: Any) -> None:
        try:
            async with asyncio.timeout(KAFKA_TIMEOUT):
                await self.measure(kafka)
        except Exception as error:
            if self.health.failures.get("lag") != KAFKA_UNAVAILABLE:
                log.warning("lag.unknown", role=self.health.role, reason=repr(error))
            self.health.failed(KAFKA_UNAVAILABLE, component="lag")

    async def measure(self, kafka: Any) -> None:
        mine = kafka.assignment() if kafka is not None else set()
        self.drop_partitions(self.positions.keys() - mine)
        if not mine:
            return self.health.failed(
                "아직 맡은 파티션이 없습니다 / no partition is assigned yet", component="lag"
            )
        ends = await kafka.end_offsets(sorted(mine))
        for at, end in ends.items():
            self.observe(at, await self.position(kafka, at), end)
        return self.report([at for at in ends if self.is_stuck(at)])

    async def position(self, kafka: Any, at: TopicPartition) -> int:
        settled = self.next_offset(at)
        return int(await kafka.position(at)) if settled is None else settled

    def observe(self, at: TopicPartition, position: int, end: int) -> None:
        now, ends = time.monotonic(), self.ends.setdefault(at, deque(maxlen=MAX_SAMPLES))
        LAG.labels(self.service, self.health.role, at.topic, at.partition).set(max(0, end - position))
        if self.positions.get(at) != position:
            self.positions[at], self.moved_at[at] = position, now
        if not ends or ends[-1][1] < end:
            ends.append((now, end))
        while ends and ends[0][1] <= position:
            ends.popleft()
        if not ends:
            self.moved_at[at] = now

    def oldest_seconds(self) -> float:
        """Since when the oldest record that is not settled is known to be there."""
        now = time.monotonic()
        return max((now - ends[0][0] for ends in self.ends.values() if ends), default=0.0)

    def is_stuck(self, at: TopicPartition) -> bool:
        return time.monotonic() - self.moved_at[at] > self.health.stuck_seconds

    def report(self, standing: list[TopicPartition]) -> None:
        if not standing:
            return self.health.progress(component="lag")
        names = ", ".join(f"{at.topic}/{at.partition}" for at in standing[:3])
        return self.health.failed(f"파티션이 멈춰 있습니다: {names} / partitions stand still", component="lag")

    def drop_partitions(self, gone: set[TopicPartition]) -> None:
        """Another owns them now, and tells of them."""
        known: tuple[dict[TopicPartition, Any], ...] = (self.positions, self.moved_at, self.ends)
        for at in gone:
            for one in known:
                one.pop(at, None)
            LAG.remove(self.service, self.health.role, at.topic, str(at.partition))
