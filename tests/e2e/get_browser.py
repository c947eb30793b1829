"""Installation of a Chromium for the browser tests: from apt where we are root, else Playwright's own.

`python -m tests.e2e.get_browser`; does nothing where there is one, reports where none can be installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from playwright.sync_api import sync_playwright

from tests.e2e.browser import find_browser
from tools.devstack.console import Terminal

APT = ("sh", "-c", "apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-cjk")
PLAYWRIGHT = (sys.executable, "-m", "playwright", "install", "chromium")
TIMEOUT = 600  # seconds


def main() -> None:
    terminal = Terminal()
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    if find_browser(bundled) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install(APT, "apt: chromium, fonts-noto-cjk", terminal)
    if find_browser(bundled) is None:
        install(PLAYWRIGHT, "playwright install chromium", terminal)
    if find_browser(bundled) is None:
        terminal.print(
            "브라우저를 구하지 못해 브라우저 시험은 건너뜁니다 / no browser: browser tests will be skipped."
        )


def install(command: Sequence[str], name: str, terminal: Terminal) -> None:
    """Run the command and report it, with the first line of its error where it fails."""
    with terminal.step(f"브라우저 설치 / {name}"):
        try:
            process = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
            )
            errors = (
                process.stderr.decode(errors="replace").strip().splitlines()[:1] if process.returncode else []
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            errors = [str(error)]
    for line in errors:
        terminal.print(f"  {line}")


if __name__ == "__main__":
    main()
