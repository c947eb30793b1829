"""Waits until all that was said is published, heard and told, and nothing is on its way any more."""

import asyncio
import time

from tools.audit.evidence import watching
from tools.audit.snapshot import Watcher
from tools.audit.target import Target

PAUSE_SECONDS = 0.5
ON_THEIR_WAY = "select count(*) as n from message where state in ('queued', 'sending')"


class NeverQuiet(Exception):
    """Something still moves or waits after the whole patience, and what."""


async def until_quiet(target: Target, patience: float) -> float:
    """How many seconds it took; raises NeverQuiet. A server that is not up again yet is asked again."""
    began, moves = time.monotonic(), "nothing answered"
    while time.monotonic() - began < patience:
        try:
            async with watching(target) as watcher:
                while time.monotonic() - began < patience:
                    if not (moves := await what_moves(watcher)):
                        return round(time.monotonic() - began, 1)
                    await asyncio.sleep(PAUSE_SECONDS)
        except Exception as error:
            moves = repr(error)
            await asyncio.sleep(PAUSE_SECONDS)
    raise NeverQuiet(f"not quiet after {patience:.0f} s: {moves}")


async def what_moves(watcher: Watcher) -> str:
    """In words; nothing where all is quiet."""
    moment = await watcher.look()
    [letters] = await watcher.books.rows("notifications", ON_THEIR_WAY)
    waiting = {
        f"{what} of {service}": counters[what]
        for service, counters in moment.counters.items()
        for what in ("outbox", "parked")
    }
    behind = {f"{one.group} at {one.topic}/{one.partition}": one.records for one in moment.behind}
    left = {**waiting, **behind, "messages on their way": letters["n"]}
    return ", ".join(f"{n} {what}" for what, n in left.items() if n)
