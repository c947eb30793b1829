"""`ieum up` on free ports: `python -m tests.operating.up <state folder>`."""

import sys
from pathlib import Path

from deploy.local import verbs
from deploy.local.errors import StackError
from deploy.local.layout import Options


def main() -> None:
    """Run in the foreground; a refusal is printed as the command prints it."""
    try:
        verbs.up(Path(sys.argv[1]), Options(pleasant=False))
    except StackError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
