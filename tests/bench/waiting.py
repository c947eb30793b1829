"""Waiting for what says no word when it comes true."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 900.0  # seconds


async def until(true: Callable[[], Awaitable[bool]], seconds: float = PATIENCE, pause: float = 0.01) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if await true():
                return
            await asyncio.sleep(pause)
