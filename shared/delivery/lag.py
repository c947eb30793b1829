"""How far a consumer is behind, and whether it gets on."""

import asyncio
import time
from typing import Any

from aiokafka import TopicPartition

from shared.delivery.health import Health
from shared.metrics import LAG


class Watch:
    """Looks at positions from outside the loop: they must move while records wait."""

    def __init__(self, service: str, health: Health) -> None:
        self.service, self.health = service, health
        self.positions: dict[TopicPartition, int] = {}
        self.moved_at: dict[TopicPartition, float] = {}

    async def run(self, subscriber: Any) -> None:
        """Until cancelled: progress, not the process, is what makes a consumer ready."""
        while True:
            await self.look(subscriber.consumer)
            await asyncio.sleep(0.2 if "lag" in self.health.failures else 1.0)

    async def look(self, kafka: Any) -> None:
        mine = kafka.assignment() if kafka is not None else set()
        if not mine:
            return self.health.failed(
                "아직 맡은 파티션이 없습니다 / no partition is assigned yet", about="lag"
            )
        standing = [at for at in mine if self.stands_still(at, await kafka.position(at), kafka.highwater(at))]
        if standing:
            names = ", ".join(f"{at.topic}/{at.partition}" for at in standing[:3])
            return self.health.failed(
                f"파티션이 멈춰 있습니다: {names} / partitions stand still", about="lag"
            )
        return self.health.progress(about="lag")

    def stands_still(self, at: TopicPartition, position: int, end: int | None) -> bool:
        LAG.labels(self.service, self.health.role, at.topic, at.partition).set(
            max(0, (end or position) - position)
        )
        waiting = end is not None and position < end
        if not waiting or self.positions.get(at) != position:
            self.positions[at], self.moved_at[at] = position, time.monotonic()
        return time.monotonic() - self.moved_at[at] > self.health.stuck_seconds
