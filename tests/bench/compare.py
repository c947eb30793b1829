"""Compare two states of the project in turns: each checkout's own benchmarks, one after the other, by one script.

    python -m tests.bench.compare OLD_CHECKOUT [--turns N] [--quick] [NAME …]

Both run with this Python, each in its own folder, so `pip` environments of both states must be alike. Compared is what
each has measured beside its own limit in the same run (such as the bare producer), because the machine's speed moves
from one run to the next. The ratio is new / old of the turn with the median ratio; for seconds it is old / new, so
that more is better everywhere.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median_low

from tests.sources import ROOT

LESS_IS_BETTER = {"ms", "s", "µs", "MiB"}
DEFAULT = ("endpoint", "approval", "relay", "latency", "projector", "pages")


def run(checkout: Path, name: str, quick: bool) -> list[dict[str, object]]:
    """Run one benchmark once in a checkout; return its figures in order. Raises RuntimeError where it prints none."""
    size = ["--quick"] if quick else ["--rounds", "1"]
    command = [sys.executable, "-m", "tests.bench", name, *size]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    figures = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not figures:
        raise RuntimeError(f"{checkout}: {name} gave no figures: {done.stderr[-2000:]}")
    return figures


def compare(old: Path, names: Sequence[str], turns: int, quick: bool) -> Iterator[str]:
    """Yield a table row for each figure: both figures of the turn with the median ratio."""
    for name in names:
        pairs: dict[str, list[tuple[float, float, float]]] = {}
        for turn in range(turns):
            order = [old, ROOT] if turn % 2 == 0 else [ROOT, old]
            results = {checkout: run(checkout, name, quick) for checkout in order}
            for before, after in zip(results[old], results[ROOT], strict=True):
                if before["ratio"] is None or after["ratio"] is None:
                    continue  # reported without a limit
                pairs.setdefault(f"{name}: {after['figure']} ({after['unit']})", []).append(
                    pair(before, after)
                )
            print(f"{name} {turn + 1}/{turns}", file=sys.stderr, flush=True)  # noqa: T201  a command
        for figure, measured in pairs.items():
            middle = median_low([ratio for ratio, _, _ in measured])
            _, was, now = next(one for one in measured if one[0] == middle)
            spread = ", ".join(f"{ratio:.2f}" for ratio, _, _ in sorted(measured))
            yield f"| {figure} | {was:.3g} | {now:.3g} | {middle:.2f} | {spread} |"


def pair(before: dict[str, object], after: dict[str, object]) -> tuple[float, float, float]:
    """Return (ratio, old figure, new figure) from both figures' ratios to their limits; above 1 the new one is better."""
    was, now = float(str(before["ratio"])), float(str(after["ratio"]))
    return (was / now if after["unit"] in LESS_IS_BETTER else now / was), was, now


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("names", nargs="*", default=DEFAULT)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    print("| figure | old | new | ratio | of all turns |\n|---|--:|--:|--:|---|")  # noqa: T201
    for row in compare(arguments.old, arguments.names or DEFAULT, arguments.turns, arguments.quick):
        print(row, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
