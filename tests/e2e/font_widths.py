"""Advance widths of the pages' font, measured in a browser: `python -m tests.e2e.font_widths` writes the kit's table."""

import asyncio
import json
from pathlib import Path
from string import ascii_letters, digits, punctuation
from typing import Any

from playwright.async_api import Browser, Page, Route

from shared.web.ui import text_width
from tests.e2e.browser import chromium
from tests.sources import ROOT

FONT = ROOT / "shared/web/ui/assets/node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2"
TABLE = Path(text_width.__file__).with_name("font_widths.json")
SIGNS = f" {digits}{ascii_letters}{punctuation}·–—−×÷±≤≥…‘’“”→←▲▼※○●"
WEIGHTS = {"regular": 400, "bold": 700}

FACE = "<style>@font-face { font-family: Measured; src: url('http://font.test/font.woff2'); font-weight: 45 920; }</style>"
LOAD = "async weight => { await document.fonts.load(`${weight} 100px Measured`, '가A'); return document.fonts.check('13px Measured') }"
MEASURE = """([texts, weight, size]) => texts.map(text => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const label = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    label.setAttribute('style', `font: ${weight} ${size}px Measured; white-space: pre`);
    label.textContent = text;
    svg.append(label); document.body.append(svg);
    const width = label.getComputedTextLength();
    svg.remove();
    return width;
})"""


async def page_with_font(browser: Browser) -> Page:
    async def answer(route: Route) -> None:
        await route.fulfill(path=FONT, headers={"Access-Control-Allow-Origin": "*"})

    page = await browser.new_page()
    await page.route("http://font.test/**", answer)
    await page.set_content(FACE)
    for weight in WEIGHTS.values():
        assert await page.evaluate(LOAD, weight)
    return page


async def measured(page: Page, texts: list[str], weight: int, size: float = 1_000) -> list[float]:
    widths: list[float] = await page.evaluate(MEASURE, [texts, weight, size])
    return widths


async def measured_table(page: Page) -> dict[str, Any]:
    """Return the table of text_width: one width for every Hangul syllable, one a sign and weight for the others."""
    syllables = [chr(code) for code in range(ord("가"), ord("힣") + 1, 97)]
    [hangul] = {
        round(width, 1) for weight in WEIGHTS.values() for width in await measured(page, syllables, weight)
    }
    table: dict[str, Any] = {"hangul": hangul, "other": 1_000}
    for name, weight in WEIGHTS.items():
        widths = await measured(page, list(SIGNS), weight)
        table[name] = {sign: round(width, 1) for sign, width in zip(SIGNS, widths, strict=True)} | {
            "\u200b": 0
        }
    return table


async def main() -> None:
    async with chromium() as browser:
        table = await measured_table(await page_with_font(browser))
    TABLE.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
