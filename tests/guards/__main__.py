"""`python -m tests.guards --write` writes the table of guards into docs/reliability.md; pytest runs the removals."""

import argparse

from tests.guards import page

parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__)
parser.add_argument("--write", action="store_true", required=True)
parser.parse_args()
page.write()
