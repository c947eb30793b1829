"""Structured concurrency: coroutines that run together, and are cancelled together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

Work = Coroutine[Any, Any, object]


async def all_of(*works: Work) -> None:
    """Wait for all; when one fails, cancel the others, wait for their end, and raise its error."""
    if works:
        await _wait(asyncio.FIRST_EXCEPTION, works)


async def first_of(*works: Work) -> None:
    """Wait for the first to end, cancel the others, wait for their end; raises the error of the first."""
    await _wait(asyncio.FIRST_COMPLETED, works)


async def _wait(return_when: str, works: tuple[Work, ...]) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=return_when)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
