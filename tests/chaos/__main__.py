"""`python -m tests.chaos --seed N`: one run under fire, or `--seeds A-B` one after another; 1 where anything is wrong."""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.chaos import report
from tests.chaos.nemesis import BY_NAME
from tests.chaos.run import Outcome, run
from tests.chaos.schedule import every_point, plan
from tools.devstack.console import Terminal, write_stdout


def main(given: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(given)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # of our own clients, beside a broker that dies
    terminal, outcomes = Terminal(sys.stderr), list[Outcome]()
    for seed in asked.seeds:
        chosen = (
            every_point(seed, asked.brokers, asked.split)
            if asked.points
            else replace(plan(seed, asked.brokers, asked.split, asked.faults), small=asked.small)
        )
        terminal.print(report.headline(chosen))
        outcome = run(chosen, terminal, asked.keep)
        outcomes.append(outcome)
        report.print_outcome(outcome, terminal, report.replay(asked, seed))
        if asked.json:
            write_stdout(json.dumps(report.as_json(outcome), ensure_ascii=False))
        if asked.log:
            with asked.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(report.as_json(outcome), ensure_ascii=False) + "\n")
    if len(outcomes) > 1:
        report.show_coverage(outcomes, terminal)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", dest="seeds", type=lambda text: [int(text)], help="one seed")
    which.add_argument("--seeds", dest="seeds", type=_range, help="A-B, one after another")
    parser.add_argument("--brokers", type=int, choices=(1, 3), help="otherwise the seed says")
    parser.add_argument("--split", action=argparse.BooleanOptionalAction, help="one process a role")
    parser.add_argument("--faults", type=_names, help="these, in this order; otherwise the seed says")
    parser.add_argument("--points", action="store_true", help="kill each service at each of its named points")
    parser.add_argument("--small", action="store_true", help="a few clients, without the demo's story")
    parser.add_argument(
        "--json", action="store_true", help="each outcome as a line of JSON on standard output"
    )
    parser.add_argument("--log", type=Path, help="append each outcome to this file as well")
    parser.add_argument("--keep", action="store_true", help="keep the state folder")
    return parser


def _range(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in BY_NAME]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(BY_NAME)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
