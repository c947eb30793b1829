"""`python -m tests.bench [NAME …]`: one JSON line a figure, a table at the end; exit 1 when a goal is missed."""

import argparse
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import uvloop

from shared.service import tune_garbage_collection
from tests.bench import approval, endpoint, latency, pages, projector, rebuild, relay, report, stream
from tests.bench.figure import Figure
from tests.bench.progress import report_progress
from tests.bench.servers import Servers

Benchmark = Callable[[Servers, int], AsyncIterator[Figure]]
# Order matters: the projector needs empty topics, the pages reuse the events folded for the rebuild.
BENCHMARKS: Mapping[str, Benchmark] = {
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
QUICK_DIVISOR = 20


async def measure(names: Sequence[str], rounds: int, divisor: int) -> tuple[list[Figure], dict[str, float]]:
    """Run the named benchmarks; return their figures, and the seconds that each took."""
    figures, durations = list[Figure](), dict[str, float]()
    servers = await Servers.start(report_progress, divisor)
    try:
        for name, benchmark in [item for item in BENCHMARKS.items() if item[0] in names]:
            began = time.monotonic()
            report_progress(name)
            async for figure in benchmark(servers, rounds):
                print(figure.as_json().decode(), flush=True)  # noqa: T201  the output of this command
                figures.append(figure)
            durations[name] = time.monotonic() - began
    finally:
        await servers.close()
    return figures, durations


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md; all figures only")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one round of a {QUICK_DIVISOR}th of everything: a smoke test, without goals",
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"모르는 이름 / unknown: {', '.join(sorted(unknown))}")
    if arguments.write and (arguments.names or arguments.quick):
        parser.error("--write는 전부 잴 때만 됩니다 / --write goes with all figures in full")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    divisor, rounds = (QUICK_DIVISOR, 1) if arguments.quick else (1, arguments.rounds)
    tune_garbage_collection()  # as every process of the product does; the bare producer gains by it as well
    figures, durations = uvloop.run(measure(arguments.names or list(BENCHMARKS), rounds, divisor))
    report.show(figures, durations)
    if arguments.write:
        report.write(figures, durations)
    sys.exit(not arguments.quick and not all(figure.ok for figure in figures))


if __name__ == "__main__":
    main()
