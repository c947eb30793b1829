"""Removes guards one at a time and sees tests go red: `python -m tests.sabotage [GUARD …]`."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.sabotage import table
from tests.sabotage.guards import GUARDS
from tests.sabotage.running import Run, prepare, run_all

# What tests import most: a run that is forked has it already.
HEAVY = ("hypothesis", "joserfc.jwt", "aiosmtpd.smtp", "uvicorn", "aiokafka.admin")
SERVICES = ("applications", "funding", "monitoring", "notifications")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sabotage", description=__doc__)
    parser.add_argument("guards", nargs="*", metavar="GUARD", help="all of them where none is named")
    parser.add_argument("--write", action="store_true", help="the table goes into docs/reliability.md")
    parser.add_argument("--no-control", action="store_true", help="the same tests are known to be green")
    parser.add_argument(
        "--at-once", type=int, default=os.cpu_count() or 1, metavar="N", help="runs at a time"
    )
    parser.add_argument("--results", type=Path, metavar="FILE", help="what came of each guard, as JSON")
    given = parser.parse_args()
    if unknown := set(given.guards) - GUARDS.keys():
        parser.error(f"모르는 보호 장치 / unknown: {', '.join(sorted(unknown))}; {', '.join(GUARDS)}")
    if given.write and (given.guards or given.no_control):
        parser.error("--write는 모두 돌릴 때만 / only with all guards and the control")
    return given


def main() -> int:
    given = options()
    guards = [GUARDS[name] for name in given.guards or GUARDS]
    for module in (*HEAVY, *(f"services.{name}.main" for name in SERVICES)):
        import_module(module)
    with tempfile.TemporaryDirectory(prefix="ieum-sabotage-") as folder:
        prepare(kafka=any(one.kafka for one in guards))
        runs = [Run(one, one.tests, Path(folder), number) for number, one in enumerate(guards)]
        tests = [] if given.no_control else sorted({test for one in guards for test in one.tests})
        control = [Run(None, tests, Path(folder), len(runs))] if tests else []
        ended = [told(run) for run in run_all([*control, *runs], given.at_once)]
    return concluded(given, ended)


def told(run: Run) -> Run:
    print(f"{verdict(run):>10}  {run.name} ({run.seconds:.1f} s)", flush=True)  # noqa: T201  its purpose
    for line in said(run):
        print(f"{'':12}{line}", flush=True)  # noqa: T201  likewise
    return run


def verdict(run: Run) -> str:
    if run.fault:
        return "ERROR"
    if run.without is None:
        return "RED" if run.red else "green"
    return "UNNOTICED" if run.blind else "red"


def said(run: Run) -> list[str]:
    unnoticed = [f"{test}: 초록 그대로 / still green" for test in run.blind] if run.without else []
    red = [f"{test}: {run.outcomes[test]['said']}" for test in run.red]
    return [run.fault] if run.fault else [*unnoticed, *red]


def concluded(given: argparse.Namespace, ended: Sequence[Run]) -> int:
    """0 where each removal was noticed, and nothing else was red."""
    found = {run.name: run for run in ended}
    if given.results:
        shown = {name: [verdict(run), "; ".join(said(run))] for name, run in found.items()}
        given.results.write_text(json.dumps(shown), encoding="utf-8")
    bad = [name for name, run in found.items() if verdict(run) not in {"red", "green"}]
    ordered = [one for name, one in GUARDS.items() if name in found]
    content = table.table(ordered, {name: run.red for name, run in found.items()})
    noticed = sum(verdict(found[one.name]) == "red" for one in ordered)
    print(f"\n{content}\n{noticed} / {len(ordered)}", *bad)  # noqa: T201  its purpose
    if given.write and not bad:
        table.write(content)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
