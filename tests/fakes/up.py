"""`ieum up` on free ports, its four services faked: `python -m tests.fakes.up <state folder>`."""

import sys
from dataclasses import replace
from pathlib import Path

from deploy.local import verbs
from deploy.local.errors import StackError
from deploy.local.layout import Options
from deploy.local.services import SERVICES


def main() -> None:
    """Run in the foreground; a refusal is printed as the command prints it."""
    fakes = tuple(replace(one, module="tests.fakes.service") for one in SERVICES)
    try:
        verbs.up(Path(sys.argv[1]), Options(services=fakes, pleasant=False))
    except StackError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
