"""The list of all faults, and how one of them happens."""

import asyncio
import time
from dataclasses import dataclass
from random import Random

from tests.chaos import dead_letter_faults, duplicate_processes, host_faults, process_faults, server_faults
from tests.chaos.fault import Fault
from tests.chaos.stack_under_test import StackUnderTest

FAULTS = (
    *process_faults.faults(),
    *server_faults.faults(),
    *duplicate_processes.faults(),
    *dead_letter_faults.faults(),
    *host_faults.faults(),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclass(frozen=True)
class Happened:
    """A fault that was injected and healed, in seconds after the beginning."""

    name: str
    at: float
    healed_at: float


async def happen(fault: Fault, stack: StackUnderTest, random: Random) -> Happened:
    """Inject, wait as long as the seed says, heal; also when it is cut off."""
    at = time.monotonic() - stack.began
    stack.say(f"» {fault.name}")
    left = await fault.inject(stack, random)
    try:
        await asyncio.sleep(random.uniform(*fault.seconds))
    finally:
        await fault.heal(stack, left)
    return Happened(fault.name, round(at, 1), round(time.monotonic() - stack.began, 1))
