"""Report a run: lines for a person, a line of JSON for a log, a table of what was covered."""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from rich.table import Table

from tests.chaos.crash_points import ALL_POINTS
from tests.chaos.nemesis import FAULTS
from tests.chaos.run import Outcome
from tests.chaos.schedule import RunPlan
from tools.devstack.console import Terminal

SHOWN = 20


def headline(plan: RunPlan) -> str:
    form = f"brokers {plan.brokers}, {'one process a role' if plan.split else 'one process a service'}"
    what = "every crash point" if plan.points else f"faults: {', '.join(plan.faults) or 'none'}"
    return f"seed {plan.seed}: {form}; {what}"


def replay(asked: argparse.Namespace, seed: int) -> str:
    words = [f"--seed {seed}", *(f"--{one}" for one in ("points", "small") if getattr(asked, one))]
    words += [f"--brokers {asked.brokers}"] if asked.brokers else []
    words += [] if asked.split is None else ["--split" if asked.split else "--no-split"]
    words += [f"--faults {','.join(asked.faults)}"] if asked.faults is not None else []
    return f"python -m tests.chaos {' '.join(words)}"


def print_outcome(outcome: Outcome, terminal: Terminal, again: str) -> None:
    """Print the judgements, the violations, and the command that repeats the run."""
    for judge, found in outcome.judgements.items():
        counted = ", ".join(f"{n:,} {what}" for what, n in found.counted.items())
        mark = "✓" if not found.violations else f"✗ {len(found.violations)}"
        terminal.print(f"{mark} {judge}: {counted}")
        for line in found.violations[:SHOWN]:
            terminal.print(f"  ✗ {line}")
    for line in outcome.problems[:SHOWN]:
        terminal.print(f"✗ {line}")
    hit = sum(one.hit_at is not None for one in outcome.crashes)
    terminal.print(
        f"seed {outcome.plan.seed}: {'ok' if outcome.ok else 'BROKEN'}; story {outcome.story_seconds} s, "
        f"quiet after {outcome.quiet_seconds} s, {len(outcome.happened)} faults, {hit} of {len(outcome.crashes)} "
        f"crash points hit, {outcome.whole_seconds} s in all. Again: {again}"
    )


def as_json(outcome: Outcome) -> dict[str, Any]:
    plan = outcome.plan
    return {
        "seed": plan.seed,
        "brokers": plan.brokers,
        "split": plan.split,
        "ok": outcome.ok,
        "faults": [{"name": one.name, "at": one.at, "healed_at": one.healed_at} for one in outcome.happened],
        "left_out": outcome.left_out,
        "crashes": {one.name: one.hit_at for one in outcome.crashes},
        "story_seconds": outcome.story_seconds,
        "quiet_seconds": outcome.quiet_seconds,
        "whole_seconds": outcome.whole_seconds,
        "counted": {judge: dict(found.counted) for judge, found in outcome.judgements.items()},
        "violations": outcome.violations,
    }


def show_coverage(outcomes: Sequence[Outcome], terminal: Terminal) -> None:
    """Print how often each fault and crash point happened; what never did comes first."""
    faults = Counter(one.name for outcome in outcomes for one in outcome.happened)
    points = Counter(one.name for outcome in outcomes for one in outcome.crashes if one.hit_at is not None)
    terminal.show(
        _table("고장 / fault", (fault.name for fault in FAULTS), faults),
        _table("지점 / crash point", (f"{service}.{point.name}" for service, point in ALL_POINTS), points),
    )
    for name, why in sorted({item for outcome in outcomes for item in outcome.left_out.items()}):
        terminal.print(f"left out: {name}: {why}")
    quiet = [outcome.quiet_seconds for outcome in outcomes if outcome.quiet_seconds is not None]
    right = sum(outcome.ok for outcome in outcomes)
    terminal.print(
        f"{right} of {len(outcomes)} seeds without a violation; "
        + (f"quiet after p50 {median(quiet):.1f} s, max {max(quiet):.1f} s" if quiet else "never quiet")
    )


def _table(title: str, names: Iterable[str], times: Counter[str]) -> Table:
    made = Table(box=None, header_style="bold")
    made.add_column(title)
    made.add_column("번 / times", justify="right")
    for name in sorted(names, key=lambda name: (times[name], name)):
        made.add_row(name, str(times[name]) if times[name] else "[bold red]0[/]")
    return made
