"""Every named point at every service while clients go on: of each service a few are armed at a time, and the first passed kills."""

import asyncio
from random import Random

from tests.chaos.crash_points import ALL, ALL_POINTS
from tests.chaos.crashes import Crashed, crash_one
from tests.chaos.schedule import Crash
from tests.chaos.stack_under_test import StackUnderTest

ARMED_AT_ONCE = 4
PATIENCE = 2400.0  # seconds for all of them; a quiet machine needs a tenth


async def crash_everywhere(stack: StackUnderTest, over: asyncio.Event, seed: int) -> list[Crashed]:
    """In an order of the seed's. What was not passed before it was over is told as such."""
    slots = {service: asyncio.Semaphore(ARMED_AT_ONCE) for service in ALL}
    order = Random(f"points-{seed}").sample(ALL_POINTS, len(ALL_POINTS))

    async def one(crash: Crash) -> Crashed:
        async with slots[crash.service]:
            return await crash_one(stack, crash, over)

    alarm = asyncio.get_running_loop().call_later(PATIENCE, over.set)
    try:
        return list(await asyncio.gather(*(one(Crash(service, point, 1, 0.0)) for service, point in order)))
    finally:
        alarm.cancel()
