"""`python -m tests.soak PART …`: run the steps of each part one by one; an interrupted soak goes on where it stopped."""

import argparse
import subprocess
import sys

from tests.mutation.judges import mutated_files
from tests.soak.soak import FOLDER, Soak, Step
from tests.sources import ROOT

PYTHON = sys.executable
PARTS = ("chaos", "mutation", "rebuild")


def steps(part: str, seeds: int) -> list[Step]:
    if part == "chaos":
        log = str(FOLDER / "chaos.jsonl")
        return [
            Step(part, f"seed {seed}", [PYTHON, "-m", "tests.chaos", "--seed", str(seed), "--log", log])
            for seed in range(1, seeds + 1)
        ]
    if part == "mutation":
        return [Step(part, path, [PYTHON, "-m", "tests.mutation", path]) for path in mutated_files()]
    return [Step(part, "3,000,000 events", [PYTHON, "-m", "tests.bench", "rebuild"])]


def run(step: Step) -> bool:
    return subprocess.run(step.command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=int, default=20, help="of chaos: seeds 1 to this one")
    arguments = parser.parse_args()
    soak = Soak(FOLDER)
    passed = [soak.run(steps(part, arguments.seeds), run) for part in arguments.parts]
    sys.stdout.write(soak.summary())
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
