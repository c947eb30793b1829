"""Chromium for browser tests: the system's, else one on PATH, else Playwright's own; tests are skipped without one."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


def find_browser(bundled: str) -> Path | None:
    """Return the browser to use, None without one; `bundled` is the path of Playwright's own, where it was installed."""
    candidates = [
        Path("/usr/bin/chromium"),
        *map(Path, filter(None, map(shutil.which, NAMES))),
        Path(bundled),
    ]
    return next((path for path in candidates if path.is_file()), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser and close it in the end; skip the test where the machine has none."""
    async with async_playwright() as playwright:
        path = find_browser(playwright.chromium.executable_path)
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
    """A browser window on the board that collects the errors the browser reports."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.errors: list[str] = []
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", self.request_failed)

    def request_failed(self, request: Request) -> None:
        """Record a failed request, except that of the live stream, which ends with its page."""
        if not request.url.endswith("/stream"):
            self.errors.append(f"failed: {request.url}")

    async def focused(self, expression: str) -> object:
        """Evaluate the expression for the focused element, `e` in the expression."""
        return await self.page.evaluate(f"() => {{ const e = document.activeElement; return {expression}; }}")


@asynccontextmanager
async def visitor(browser: Browser, address: str, **options: object) -> AsyncIterator[Visitor]:
    """Open a window, 1440 px wide by default. Options are those of Playwright's new_context."""
    defaults: dict[str, object] = {"viewport": {"width": 1440, "height": 900}, "locale": "ko-KR"}
    context = await browser.new_context(base_url=address, **(defaults | options))  # type: ignore[arg-type]  # options of each caller
    context.set_default_timeout(10_000)
    try:
        yield Visitor(context, await context.new_page())
    finally:
        await context.close()
