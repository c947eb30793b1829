"""Polling for a condition."""

import asyncio
from collections.abc import Awaitable, Callable

TIMEOUT = 900.0  # seconds


async def until(
    condition: Callable[[], Awaitable[bool]], seconds: float = TIMEOUT, pause: float = 0.01
) -> None:
    """Poll the condition every `pause` seconds until it is true; raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(pause)
