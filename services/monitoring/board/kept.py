"""Pages as they were last drawn: who asks for the same page of the same facts gets the same text.

A page is a function of its address, of who looks, of the day it is, and of what was folded. The last is named by the
projector's position and the epoch of its rows, read in the page's own snapshot: a kept page can be no older than that.
Two hundred open pages that are told of a change at once draw it once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

MOST = 100  # pages of some 50 to 100 kB


@dataclass
class Drawn:
    """`lock`: one draws, the others wait for it; where it fails, the next one tries."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    body: bytes | None = None


class Kept:
    """The pages that were asked for last."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.pages: OrderedDict[Hashable, Drawn] = OrderedDict()

    async def page(self, key: Hashable, draw: Callable[[], Awaitable[bytes]]) -> bytes:
        drawn = self.pages.setdefault(key, Drawn())
        self.pages.move_to_end(key)
        if len(self.pages) > self.most:
            self.pages.popitem(last=False)
        async with drawn.lock:
            if drawn.body is None:
                drawn.body = await draw()
            return drawn.body
