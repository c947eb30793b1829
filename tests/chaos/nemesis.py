"""Nemesis: the list of all faults, and the injection of one."""

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
class FaultRecord:
    """A fault that was injected and healed, in seconds after the beginning."""

    name: str
    at: float
    healed_at: float


async def inject_and_heal(fault: Fault, stack: StackUnderTest, random: Random) -> FaultRecord:
    """Inject the fault, wait for a time drawn from the seed, heal; also when cancelled."""
    at = time.monotonic() - stack.began
    stack.say(f"» {fault.name}")
    left = await fault.inject(stack, random)
    try:
        await asyncio.sleep(random.uniform(*fault.seconds))
    finally:
        await fault.heal(stack, left)
    return FaultRecord(fault.name, round(at, 1), round(time.monotonic() - stack.began, 1))
