"""Arm crash points when their time has come, bring about what they need, and wait until they are hit."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.crash_points import Needs
from tests.chaos.instrumented_service import EARLY
from tests.chaos.schedule import Crash
from tests.chaos.stack_under_test import StackUnderTest

SUBSCRIBED = {
    "applications": "ieum.external.legacy",
    "funding": "ieum.external.treasury",
    "monitoring": "ieum.applications",
    "notifications": "ieum.companies",
}
"""A topic of each service's consumer."""
AGAIN_SECONDS = 10.0


@dataclass(frozen=True)
class Crashed:
    """A planned crash; `hit_at` in seconds after the beginning, None if the point was not passed."""

    name: str
    hit_at: float | None


async def crash_all(stack: StackUnderTest, crashes: Sequence[Crash], over: asyncio.Event) -> list[Crashed]:
    """Run all crashes side by side, until the run is over."""
    return list(await asyncio.gather(*(crash_one(stack, one, over) for one in crashes)))


async def crash_one(stack: StackUnderTest, crash: Crash, over: asyncio.Event) -> Crashed:
    """Arm the point, and bring about what it needs again and again, until it is hit or the run is over."""
    await asyncio.sleep(max(0.0, stack.began + crash.at - time.monotonic()))
    if not over.is_set():
        stack.armed.arm(crash.service, crash.point.name, crash.n)
    bringing_about = asyncio.create_task(_bring_about(stack, crash))
    try:
        while stack.armed.is_armed(crash.service, crash.point.name):
            if over.is_set() and stack.armed.disarm(crash.service, crash.point.name):
                break
            await asyncio.sleep(0.05)
    finally:
        bringing_about.cancel()
    return _report(stack, crash, hit=stack.armed.was_hit(crash.service, crash.point.name))


def _report(stack: StackUnderTest, crash: Crash, *, hit: bool) -> Crashed:
    if not hit:
        stack.say(f"not passed: {crash.name}")
        return Crashed(crash.name, None)
    stack.say(f"killed at {crash.name} (passing {crash.n})")
    return Crashed(crash.name, round(time.monotonic() - stack.began, 1))


async def _bring_about(stack: StackUnderTest, crash: Crash) -> None:
    """Bring about what the point needs, until cancelled."""
    while crash.point.needs is not Needs.NOTHING:
        if crash.point.needs is Needs.EARLY:
            stack.armed.arm(crash.service, EARLY)
        else:
            await stack.injected.put(stack.layout.kafka.bootstrap, SUBSCRIBED[crash.service], 1)
        await asyncio.sleep(AGAIN_SECONDS)
