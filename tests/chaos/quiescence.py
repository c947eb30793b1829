"""Wait until everything is published, handled and notified, and nothing is on its way any more."""

import asyncio
import time

from tools.audit.snapshot import Watcher, watching
from tools.audit.target import Target

PAUSE_SECONDS = 0.5
ON_THEIR_WAY = "select count(*) as n from notifications.message where state in ('queued', 'sending')"


class NotQuiescent(Exception):
    """Time limit passed while something still moves or waits; the message names it."""


async def wait_until_quiet(target: Target, limit: float) -> float:
    """Return after how many seconds all was quiet; raises NotQuiescent. A server that is not up yet is asked again."""
    began, moves = time.monotonic(), "nothing answered"
    while time.monotonic() - began < limit:
        try:
            async with watching(target) as watcher:
                while time.monotonic() - began < limit:
                    if not (moves := await describe_unrest(watcher)):
                        return round(time.monotonic() - began, 1)
                    await asyncio.sleep(PAUSE_SECONDS)
        except Exception as error:
            moves = repr(error)
            await asyncio.sleep(PAUSE_SECONDS)
    raise NotQuiescent(f"not quiet after {limit:.0f} s: {moves}")


async def describe_unrest(watcher: Watcher) -> str:
    """Return in words what waits or lags; empty where all is quiet."""
    snapshot = await watcher.take()
    [messages] = await watcher.database.rows(ON_THEIR_WAY)
    waiting = {
        f"{what} of {service}": counters[what]
        for service, counters in snapshot.counters.items()
        for what in ("outbox", "parked")
    }
    lags = {f"{lag.group} at {lag.topic}/{lag.partition}": lag.records for lag in snapshot.lags}
    counts = {**waiting, **lags, "messages on their way": messages["n"]}
    return ", ".join(f"{n} {what}" for what, n in counts.items() if n)
