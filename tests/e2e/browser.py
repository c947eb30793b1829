"""A real Chromium for tests: the machine's, else one on the path, else Playwright's own; without any, said plainly."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


def find(own: str) -> Path | None:
    """The browser to use; `own` is where Playwright keeps its own, if it was installed."""
    given = [Path("/usr/bin/chromium"), *map(Path, filter(None, map(shutil.which, NAMES))), Path(own)]
    return next((path for path in given if path.is_file()), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, closed in the end. Skips with the reason where the machine has none."""
    async with async_playwright() as playwright:
        path = find(playwright.chromium.executable_path)
        if path is None:
            pytest.skip(
                "no browser: neither /usr/bin/chromium, nor chromium on PATH, nor Playwright's own "
                "(python -m tests.e2e.get_browser tries to get one)"
            )
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
        browser = await playwright.chromium.launch(executable_path=path, args=[*QUIET, *root])
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """One who opens pages of a board, and remembers what the browser complained of."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self.failed)

    def failed(self, request: Request) -> None:
        """The live stream ends with its page: that is no complaint."""
        if not request.url.endswith("/stream"):
            self.complaints.append(f"failed: {request.url}")

    async def active(self, expression: str) -> object:
        """What holds of the element that has the keyboard; `e` in the expression."""
        return await self.page.evaluate(f"() => {{ const e = document.activeElement; return {expression}; }}")


@asynccontextmanager
async def visitor(browser: Browser, address: str, **options: object) -> AsyncIterator[Visitor]:
    """Someone with a window of their own; 1440 px wide unless told. Options are Playwright's new_context."""
    given: dict[str, object] = {"viewport": {"width": 1440, "height": 900}, "locale": "ko-KR"}
    context = await browser.new_context(base_url=address, **(given | options))  # type: ignore[arg-type]  # each caller's own options
    context.set_default_timeout(10_000)
    try:
        yield Visitor(context, await context.new_page())
    finally:
        await context.close()
