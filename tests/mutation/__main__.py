"""`python -m tests.mutation [FILE …]`: every mutant of the files must be noticed, or be listed in survivors.toml."""

import argparse
import sys

from tests.mutation import report
from tests.mutation.judges import mutated_files


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="every file that is covered, where none is named"
    )
    ok = True
    for path in parser.parse_args().files or mutated_files():
        verdict, text = report.check(path)
        sys.stdout.write(text)
        sys.stdout.flush()
        ok = ok and verdict.ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
