"""Progress of the benchmarks, on standard error: standard output has the figures only."""

import sys
import time
from collections.abc import Callable

Progress = Callable[[str], None]
STARTED = time.monotonic()


def report_progress(line: str) -> None:
    print(f"  [{time.monotonic() - STARTED:6.1f} s] {line}", file=sys.stderr, flush=True)  # noqa: T201  a command's progress
