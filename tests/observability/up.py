"""`ieum up` on free ports: `python -m tests.observability.up <state folder>`."""

import sys
from pathlib import Path

from tools.devstack import cli
from tools.devstack.configuration import Options
from tools.devstack.errors import StackError


def main() -> None:
    """Run in the foreground; a refusal is printed as the command prints it."""
    try:
        cli.up(Path(sys.argv[1]), Options(pleasant=False))
    except StackError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
