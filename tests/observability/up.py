"""`ieum up` on free ports: `python -m tests.observability.up <state folder>`."""

import sys
from pathlib import Path

from tools.devstack import cli
from tools.devstack.configuration import Options
from tools.devstack.errors import StackError


def main() -> None:
    """Run the stack in the foreground; print a StackError as the command prints it."""
    try:
        cli.up(Path(sys.argv[1]), Options(preferred_ports=False))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
