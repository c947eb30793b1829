"""Page cache: requests for the same page of the same data share one rendering.

A page is a function of its address, its viewer, the day, and the projections' state. The last is named by the
projector's position and the generation of its rows, read in the page's own snapshot: a cached page is never older.
Two hundred open pages that are notified of a change at once render it once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

MAX_PAGES = 100  # pages of some 50 to 100 kB


@dataclass
class CachedPage:
    """A rendered page; its lock lets one request render while the others wait, and the next one retry a failure."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    body: bytes | None = None


class PageCache:
    """Least-recently-used cache of rendered pages."""

    def __init__(self, max_pages: int = MAX_PAGES) -> None:
        self.max_pages = max_pages
        self.pages: OrderedDict[Hashable, CachedPage] = OrderedDict()

    async def get_or_render(self, key: Hashable, render: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the cached page, rendered first where it is not cached; raise what the rendering raises."""
        cached = self.pages.setdefault(key, CachedPage())
        self.pages.move_to_end(key)
        if len(self.pages) > self.max_pages:
            self.pages.popitem(last=False)
        async with cached.lock:
            if cached.body is None:
                cached.body = await render()
            return cached.body
