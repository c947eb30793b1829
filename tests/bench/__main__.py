"""`python -m tests.bench [NAME …]`: one JSON line a figure, a table at the end; exit 1 when a goal is missed."""

import argparse
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import uvloop

from shared.garbage import tune_garbage_collection
from tests.bench import approval, endpoint, latency, pages, projector, rebuild, relay, report, stream
from tests.bench.console import say
from tests.bench.figure import Figure
from tests.bench.servers import Servers

Bench = Callable[[Servers, int], AsyncIterator[Figure]]
# In this order: the projector finds empty topics, the pages what was folded for the rebuild.
PROGRAMME: Mapping[str, Bench] = {
    "endpoint": endpoint.run,
    "approval": approval.run,
    "relay": relay.run,
    "latency": latency.run,
    "projector": projector.run,
    "rebuild": rebuild.run,
    "pages": pages.run,
    "stream": stream.run,
}
ROUNDS = 3
QUICK = 20


async def measure(names: Sequence[str], rounds: int, share: int) -> tuple[list[Figure], dict[str, float]]:
    servers, figures, took = await Servers.start(say, share), list[Figure](), dict[str, float]()
    try:
        for name, bench in [one for one in PROGRAMME.items() if one[0] in names]:
            began = time.monotonic()
            say(name)
            async for figure in bench(servers, rounds):
                print(figure.as_json().decode(), flush=True)  # noqa: T201  its purpose
                figures.append(figure)
            took[name] = time.monotonic() - began
    finally:
        await servers.close()
    return figures, took


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROGRAMME))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md; all figures only")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one round of a {QUICK}th of everything: shows that it runs, says nothing, misses no goal",
    )
    given = parser.parse_args()
    if unknown := set(given.names) - set(PROGRAMME):
        parser.error(f"모르는 이름 / unknown: {', '.join(sorted(unknown))}")
    if given.write and (given.names or given.quick):
        parser.error("--write는 전부 잴 때만 됩니다 / --write goes with all figures in full")
    return given


def main() -> None:
    given = arguments()
    share, rounds = (QUICK, 1) if given.quick else (1, given.rounds)
    tune_garbage_collection()  # as every process of ours does; the bare producer gains by it as well
    figures, took = uvloop.run(measure(given.names or list(PROGRAMME), rounds, share))
    report.show(figures, took)
    if given.write:
        report.write(figures, took)
    sys.exit(not given.quick and not all(one.ok for one in figures))


if __name__ == "__main__":
    main()
