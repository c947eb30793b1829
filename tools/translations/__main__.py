"""Print every finding and end with 1 where there is one."""

import sys
from pathlib import Path

from tools.translations.findings import findings

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    found = findings(ROOT)
    for finding in found:
        print(finding)  # noqa: T201 - a command
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
