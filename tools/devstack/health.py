"""Readiness checks of the processes."""

import asyncio
from collections.abc import Iterable

import httpx

from tools.devstack.errors import StackError

STARTUP_TIMEOUT = 120.0  # seconds


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    """Return whether /readyz answers 200."""
    try:
        return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False  # not up, or too busy: not ready in both cases


async def wait_until_ready(urls: Iterable[str], seconds: float = STARTUP_TIMEOUT) -> None:
    """Wait until all addresses are ready; raises StackError with those that are not after `seconds`."""
    deadline, pending = asyncio.get_running_loop().time() + seconds, list(urls)
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while pending := [url for url in pending if not await is_ready(client, url)]:
            if asyncio.get_running_loop().time() > deadline:
                raise StackError(
                    f"{seconds:.0f}초 안에 준비되지 않았습니다: {', '.join(f'{url}/readyz' for url in pending)}\n"
                    f"  Not ready within {seconds:.0f} s; the address tells why, and so does its log (`ieum status`)."
                )
            await asyncio.sleep(0.2)
