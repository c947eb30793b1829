"""`ieum up` on free ports with fake services: `python -m tests.fakes.up <state folder>`."""

import sys
from dataclasses import replace
from pathlib import Path

from tools.devstack import cli
from tools.devstack.configuration import Options
from tools.devstack.errors import StackError
from tools.devstack.services import SERVICES


def main() -> None:
    """Run in the foreground; a StackError is printed as the command prints it."""
    fakes = tuple(replace(service, module="tests.fakes.service") for service in SERVICES)
    try:
        cli.up(Path(sys.argv[1]), Options(services=fakes, preferred_ports=False))
    except StackError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
