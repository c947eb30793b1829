"""The kit's table of widths against the pages' font in a browser."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from shared.web.ui.text_width import text_width
from tests.e2e.browser import chromium
from tests.e2e.font_widths import FONT, TABLE, measured, measured_table, page_with_font

pytestmark = pytest.mark.browser

LABELS = [
    "2024 선정 70",
    "남은 몫 98",
    "계획 2,000",
    "Newly planned 49",
    "executed 1,882",
    "Province 10,000 %",
    "2019~2021",
]


@pytest.fixture(scope="module")
async def page() -> AsyncIterator[Page]:
    if not FONT.is_file():
        pytest.skip("the npm registry is out of reach: the font was not fetched")
    async with chromium() as browser:
        yield await page_with_font(browser)


async def test_table_is_what_the_browser_measures(page: Page) -> None:
    assert await measured_table(page) == json.loads(TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("weight", "bold"), [(400, False), (700, True)])
@pytest.mark.parametrize("size", [12, 13])
async def test_label_is_as_wide_as_computed_or_a_little_less(
    page: Page, weight: int, bold: bool, size: int
) -> None:
    shown = await measured(page, LABELS, weight, size)

    for label, width in zip(LABELS, shown, strict=True):
        computed = text_width(label, size, bold=bold)
        assert width - 0.5 <= computed <= width * 1.05 + 0.5, label
