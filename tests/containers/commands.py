"""Other programs, run to their end: what they said comes back, and stands in the error where they failed."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

MINUTES = 60.0


def run(
    *command: str | Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 15 * MINUTES,
    may_fail: bool = False,
) -> str:
    """Return what was printed; raises AssertionError with it where the program fails and may not."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        check=False,
        text=True,
        errors="replace",
    )
    said = done.stdout[-6000:] if done.returncode else done.stdout
    assert may_fail or done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{said}"
    return said
