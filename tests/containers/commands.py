"""External commands run to their end, with their output returned or shown in the error."""

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
    """Return the output; raises AssertionError with the output when the command fails, unless it `may_fail`."""
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
    output = done.stdout[-6000:] if done.returncode else done.stdout
    assert may_fail or done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{output}"
    return output
