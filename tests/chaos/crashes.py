"""Named points: armed when their time has come, brought about where they need it, and looked after until they are hit."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.points import Needs
from tests.chaos.schedule import Crash
from tests.chaos.town import Town
from tests.chaos.victim import EARLY

HEARD = {
    "applications": "ieum.external.legacy",
    "funding": "ieum.external.treasury",
    "monitoring": "ieum.applications",
    "notifications": "ieum.companies",
}
"""A topic of each service's consumer."""
AGAIN_SECONDS = 10.0


@dataclass(frozen=True)
class Crashed:
    """Whether the point was hit, and when, in seconds after the beginning."""

    name: str
    hit_at: float | None


async def crash_all(town: Town, crashes: Sequence[Crash], over: asyncio.Event) -> list[Crashed]:
    """Side by side, until it is over."""
    return list(await asyncio.gather(*(crash_one(town, one, over) for one in crashes)))


async def crash_one(town: Town, crash: Crash, over: asyncio.Event) -> Crashed:
    """Until it is hit or over; what the point needs is brought about again and again."""
    await asyncio.sleep(max(0.0, town.began + crash.at - time.monotonic()))
    if not over.is_set():
        town.orders.arm(crash.service, crash.point.name, crash.n)
    needed = asyncio.create_task(_bring_about(town, crash))
    try:
        while town.orders.is_armed(crash.service, crash.point.name):
            if over.is_set() and town.orders.disarm(crash.service, crash.point.name):
                break
            await asyncio.sleep(0.05)
    finally:
        needed.cancel()
    return _told(town, crash, hit=town.orders.was_hit(crash.service, crash.point.name))


def _told(town: Town, crash: Crash, *, hit: bool) -> Crashed:
    if not hit:
        town.say(f"not passed: {crash.name}")
        return Crashed(crash.name, None)
    town.say(f"killed at {crash.name} (passing {crash.n})")
    return Crashed(crash.name, round(time.monotonic() - town.began, 1))


async def _bring_about(town: Town, crash: Crash) -> None:
    """What the point needs to be passed at all, until cancelled."""
    while crash.point.needs is not Needs.NOTHING:
        if crash.point.needs is Needs.EARLY:
            town.orders.arm(crash.service, EARLY)
        else:
            await town.injected.put(town.layout.kafka.bootstrap, HEARD[crash.service], 1)
        await asyncio.sleep(AGAIN_SECONDS)
