"""The list of all faults, and how one of them happens."""

import asyncio
import time
from dataclasses import dataclass
from random import Random

from tests.chaos import doubles, kills, letters, servers, surroundings
from tests.chaos.fault import Fault
from tests.chaos.town import Town

FAULTS = (*kills.faults(), *servers.faults(), *doubles.faults(), *letters.faults(), *surroundings.faults())
BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclass(frozen=True)
class Happened:
    """A fault that was injected and healed, in seconds after the beginning."""

    name: str
    at: float
    healed_at: float


async def happen(fault: Fault, town: Town, chance: Random) -> Happened:
    """Inject, wait as long as the seed says, heal; also when it is cut off."""
    at = time.monotonic() - town.began
    town.say(f"» {fault.name}")
    left = await fault.inject(town, chance)
    try:
        await asyncio.sleep(chance.uniform(*fault.seconds))
    finally:
        await fault.heal(town, left)
    return Happened(fault.name, round(at, 1), round(time.monotonic() - town.began, 1))
