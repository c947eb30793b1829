"""Kill each service at each of its crash points, a few armed at a time, while clients go on."""

import asyncio
from random import Random

from tests.chaos.crash_points import ALL, ALL_POINTS
from tests.chaos.crashes import Crashed, crash_one
from tests.chaos.schedule import Crash
from tests.chaos.stack_under_test import StackUnderTest

ARMED_AT_ONCE = 4
TIME_LIMIT = 2400.0  # seconds for all of them; a quiet machine needs a tenth


async def crash_everywhere(stack: StackUnderTest, over: asyncio.Event, seed: int) -> list[Crashed]:
    """Arm all points in an order made from the seed; one that was not passed in time has no `hit_at`."""
    slots = {service: asyncio.Semaphore(ARMED_AT_ONCE) for service in ALL}
    order = Random(f"points-{seed}").sample(ALL_POINTS, len(ALL_POINTS))

    async def one(crash: Crash) -> Crashed:
        async with slots[crash.service]:
            return await crash_one(stack, crash, over)

    alarm = asyncio.get_running_loop().call_later(TIME_LIMIT, over.set)
    try:
        return list(await asyncio.gather(*(one(Crash(service, point, 1, 0.0)) for service, point in order)))
    finally:
        alarm.cancel()
