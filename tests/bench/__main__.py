"""`python -m tests.bench [NAME …]`: one JSON line a figure, a table at the end; exit 1 when a goal is missed."""

import argparse
import sys
from collections.abc import AsyncIterator, Callable, Mapping

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import projector
from tests.bench.console import say
from tests.bench.figure import Figure
from tests.bench.servers import Servers

Bench = Callable[[Servers, int], AsyncIterator[Figure]]
BENCHES: Mapping[str, Bench] = {"projector": projector.run}
ROUNDS = 3


async def measure(names: list[str], rounds: int) -> list[Figure]:
    servers, figures = await Servers.start(say), []
    try:
        for name in names:
            say(name)
            async for figure in BENCHES[name](servers, rounds):
                print(figure.as_json().decode(), flush=True)  # noqa: T201  its purpose
                figures.append(figure)
    finally:
        await servers.close()
    return figures


def show(figures: list[Figure]) -> None:
    table = Table("figure", "value", "limit", "unit", "ratio", "goal", "")
    for one in figures:
        numbers = (f"{one.value:,.4g}", f"{one.limit:,.4g}", one.unit, f"{one.ratio:.3g}")
        table.add_row(one.figure, *numbers, one.goal, "ok" if one.ok else "MISSED")
    Console(stderr=True).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"모르는 이름 / unknown: {', '.join(sorted(unknown))}")
    figures = uvloop.run(measure(given.names or list(BENCHES), given.rounds))
    show(figures)
    sys.exit(not all(one.ok for one in figures))


if __name__ == "__main__":
    main()
