"""Page cache: requests for the same page of the same facts share one rendering.

A page is a function of its address (which holds its language, date and unit), its viewer, the day, and the
projections' position, read in the page's own snapshot: a cached page is never older. Two hundred open pages that are
notified of a change at once render it once. The viewer stands for the scope as long as every reader may see every page.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from fastapi import Request

from shared.web.ui.page import Page, PageViewer

MAX_PAGES = 100  # pages of some 50 to 100 kB


class PageKey(NamedTuple):
    """Key of a page: all that decides what it shows."""

    path: str
    query: str  # of the address: language, date and unit among it
    viewer: PageViewer
    today: date
    position: Hashable  # of the projections


def page_key(request: Request, page: Page, position: Hashable) -> PageKey:
    return PageKey(request.url.path, request.url.query, page.viewer, page.today, position)


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
