"""The state of a soak: which steps have passed, kept in a file after each of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.sources import ROOT

FOLDER = ROOT / ".soak"


class Step(NamedTuple):
    part: str
    name: str
    command: list[str]


class Soak:
    """`results` has the outcome of each step by part and name; summary.md beside the state shows them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.file, self.page = folder / "state.json", folder / "summary.md"
        self.results: dict[str, dict[str, Any]] = (
            json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        )

    def run(self, steps: Sequence[Step], run: Callable[[Step], bool]) -> bool:
        """Run the steps that have not passed yet, or all of them anew where all have; return whether all passed."""
        if all(self.has_passed(step) for step in steps):
            for step in steps:
                self.results[step.part].pop(step.name)
        for step in steps:
            if not self.has_passed(step):
                self.save(step, *timed(step, run))
        return all(self.has_passed(step) for step in steps)

    def has_passed(self, step: Step) -> bool:
        return bool(self.results.get(step.part, {}).get(step.name, {}).get("passed"))

    def save(self, step: Step, passed: bool, seconds: float) -> None:
        result = {"passed": passed, "seconds": round(seconds), "commit": commit(), "ended_at": now()}
        self.results.setdefault(step.part, {})[step.name] = result
        self.file.write_text(json.dumps(self.results, indent=1), encoding="utf-8")
        self.page.write_text(self.summary(), encoding="utf-8")

    def summary(self) -> str:
        """Return a Markdown table of all results."""
        rows = [
            f"| {part} | {name} | {'passed' if result['passed'] else 'FAILED'} | {result['seconds']} "
            f"| {result['commit']} | {result['ended_at']} |\n"
            for part, results in self.results.items()
            for name, result in results.items()
        ]
        return "| part | step | result | seconds | commit | ended |\n|---|---|---|---|---|---|\n" + "".join(
            rows
        )


def timed(step: Step, run: Callable[[Step], bool]) -> tuple[bool, float]:
    sys.stderr.write(f"soak: {step.part}, {step.name}\n")
    began = time.monotonic()
    passed = run(step)
    return passed, time.monotonic() - began


def commit() -> str:
    describe = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
