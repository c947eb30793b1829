"""`python -m tests.chaos.checker --state FOLDER --history FILE`: judges the stack that runs on this folder."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from tests.chaos.checker import check
from tools.devstack import status
from tools.devstack.state import state_at


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.checker", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    given = parser.parse_args()
    now, began = status.read(state_at(given.state)), time.monotonic()
    inbox = given.state / "inbox"
    verdict = asyncio.run(check(now.kafka["bootstrap"], now.owners, given.history, inbox=inbox))
    lines = [f"  {count:>9,}  {what}" for what, count in verdict.counted.items()]
    lines += [f"VIOLATION  {one}" for one in verdict.violations]
    lines += [f"{len(verdict.violations)} violations in {time.monotonic() - began:.1f} s"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
