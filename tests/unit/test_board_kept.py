"""Kept pages: drawn once, by one, and never beyond their number."""

import asyncio

import pytest

from services.monitoring.board.kept import Kept


class Pen:
    """Draws slowly and counts."""

    def __init__(self, fails: int = 0) -> None:
        self.drawn, self.fails = 0, fails

    async def __call__(self) -> bytes:
        self.drawn += 1
        await asyncio.sleep(0)
        if self.drawn <= self.fails:
            raise OSError("no ink")
        return b"page %d" % self.drawn


async def test_two_hundred_who_ask_at_once_get_what_one_of_them_drew() -> None:
    kept, pen = Kept(), Pen()

    pages = await asyncio.gather(*(kept.page("a", pen) for _ in range(200)))

    assert (pen.drawn, set(pages)) == (1, {b"page 1"})


async def test_other_facts_are_another_page() -> None:
    kept, pen = Kept(), Pen()

    pages = [await kept.page(("a", position), pen) for position in (1, 2, 2)]

    assert pages == [b"page 1", b"page 2", b"page 2"]


async def test_where_one_fails_the_next_one_draws() -> None:
    kept, pen = Kept(), Pen(fails=1)

    answers = await asyncio.gather(*(kept.page("a", pen) for _ in range(3)), return_exceptions=True)

    assert [one if isinstance(one, bytes) else str(one) for one in answers] == [
        "no ink",
        b"page 2",
        b"page 2",
    ]


@pytest.mark.parametrize("asked", [["a", "b", "c", "b"], ["a", "b", "a", "c", "a"]])
async def test_the_page_that_nobody_asked_for_longest_goes(asked: list[str]) -> None:
    kept, pen = Kept(most=2), Pen()

    for key in asked:
        await kept.page(key, pen)

    assert (pen.drawn, len(kept.pages)) == (3, 2)
