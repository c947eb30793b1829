"""Several things at once, none of which goes on after the others have failed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

Work = Coroutine[Any, Any, object]


async def all_of(*works: Work) -> None:
    """Wait for all; when one fails, cancel the others, see them end, and raise its error."""
    if works:
        await _wait(asyncio.FIRST_EXCEPTION, works)


async def first_of(*works: Work) -> None:
    """Wait for the one that ends first, with its error if it has one; cancel the others and see them end."""
    await _wait(asyncio.FIRST_COMPLETED, works)


async def _wait(until: str, works: tuple[Work, ...]) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=until)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
