"""Page cache: one rendering per key, retried after a failure, bounded in number."""

import asyncio

import pytest

from shared.web.ui.page_cache import PageCache


class CountingRenderer:
    """Renderer that is slow, counts its calls and fails the first ones."""

    def __init__(self, failures: int = 0) -> None:
        self.calls, self.failures = 0, failures

    async def __call__(self) -> bytes:
        self.calls += 1
        await asyncio.sleep(0)
        if self.calls <= self.failures:
            raise OSError("failed")
        return b"page %d" % self.calls


async def test_concurrent_requests_share_one_rendering() -> None:
    cache, render = PageCache(), CountingRenderer()

    pages = await asyncio.gather(*(cache.get_or_render("a", render) for _ in range(200)))

    assert (render.calls, set(pages)) == (1, {b"page 1"})


async def test_another_key_is_another_page() -> None:
    cache, render = PageCache(), CountingRenderer()

    pages = [await cache.get_or_render(("a", position), render) for position in (1, 2, 2)]

    assert pages == [b"page 1", b"page 2", b"page 2"]


async def test_waiting_request_renders_after_a_failure() -> None:
    cache, render = PageCache(), CountingRenderer(failures=1)

    answers = await asyncio.gather(
        *(cache.get_or_render("a", render) for _ in range(3)), return_exceptions=True
    )

    assert [str(answer) if isinstance(answer, OSError) else answer for answer in answers] == [
        "failed",
        b"page 2",
        b"page 2",
    ]


@pytest.mark.parametrize("requests", [["a", "b", "c", "b"], ["a", "b", "a", "c", "a"]])
async def test_least_recently_used_page_is_evicted(requests: list[str]) -> None:
    cache, render = PageCache(max_pages=2), CountingRenderer()

    for key in requests:
        await cache.get_or_render(key, render)

    assert (render.calls, len(cache.pages)) == (3, 2)
