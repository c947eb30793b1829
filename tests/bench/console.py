"""Where a benchmark tells how far it is: standard error, so that standard output holds figures alone."""

import sys
import time
from collections.abc import Callable

Say = Callable[[str], None]
BEGAN = time.monotonic()


def say(line: str) -> None:
    print(f"  [{time.monotonic() - BEGAN:6.1f} s] {line}", file=sys.stderr, flush=True)  # noqa: T201  its purpose
