"""A Chromium for the browser tests: what is there, else from apt where we are root, else Playwright's own.

`python -m tests.e2e.get_browser`; where none can be had it says plainly that browser tests will not run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from playwright.sync_api import sync_playwright

from tests.e2e.browser import find
from tools.devstack.console import Terminal

APT = ("sh", "-c", "apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-cjk")
PLAYWRIGHT = (sys.executable, "-m", "playwright", "install", "chromium")
SECONDS = 600


def main() -> None:
    terminal = Terminal()
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if find(own) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install(APT, "apt: chromium, fonts-noto-cjk", terminal)
    if find(own) is None:
        install(PLAYWRIGHT, "playwright install chromium", terminal)
    if find(own) is None:
        terminal.say(
            "브라우저를 구하지 못해 브라우저 시험은 건너뜁니다 / no browser: browser tests will be skipped."
        )


def install(command: Sequence[str], what: str, terminal: Terminal) -> None:
    """Says what it does, and the first line of what went wrong."""
    with terminal.step(f"브라우저 설치 / {what}"):
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
            wrong = done.stderr.decode(errors="replace").strip().splitlines()[:1] if done.returncode else []
        except (OSError, subprocess.TimeoutExpired) as error:
            wrong = [str(error)]
    for line in wrong:
        terminal.say(f"  {line}")


if __name__ == "__main__":
    main()
