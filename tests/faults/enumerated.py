"""Every named point at every service, one after another a service, all services side by side, while clients go on."""

import asyncio
import time
from collections.abc import Sequence

from tests.faults.crashes import Crashed, crash_one
from tests.faults.points import EVERYWHERE
from tests.faults.schedule import Crash
from tests.faults.town import Town

PATIENCE = 120.0  # seconds for one point


async def crash_everywhere(town: Town, points: Sequence[str] | None = None) -> list[Crashed]:
    """Those of these names; what was not passed in time is told as such."""
    services = sorted({service for service, _ in EVERYWHERE})
    lanes = await asyncio.gather(*(_lane(town, service, points) for service in services))
    return [crashed for lane in lanes for crashed in lane]


async def _lane(town: Town, service: str, points: Sequence[str] | None) -> list[Crashed]:
    wanted = [
        point for one, point in EVERYWHERE if one == service and (points is None or point.name in points)
    ]
    return [await _within(town, Crash(service, point, 1, time.monotonic() - town.began)) for point in wanted]


async def _within(town: Town, crash: Crash) -> Crashed:
    over = asyncio.Event()
    alarm = asyncio.get_running_loop().call_later(PATIENCE, over.set)
    try:
        return await crash_one(town, crash, over)
    finally:
        alarm.cancel()
