"""The product's rebuild in a process of its own: its duration and peak memory."""

import re
import time
from pathlib import Path

import uvloop

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.projections.rebuild import Rebuild
from shared.service import tune_garbage_collection
from tests.bench import child_process

KIB = 1024


async def main() -> None:
    arguments = child_process.arguments()
    tune_garbage_collection()  # as `ieum rebuild` does
    settings = Settings(kafka_bootstrap=arguments["bootstrap"])
    rebuild = Rebuild(SERVICE.name, arguments["url"], SERVICE.projections, settings)
    began = time.perf_counter()
    result = await rebuild.run()
    took = time.perf_counter() - began
    child_process.send(
        seconds=took,
        records=result.records,
        equal=result.equal,
        dead_letters=result.dead_letters,
        bytes=peak_memory(),
    )


def peak_memory() -> int:
    """Return this program's peak memory in bytes; getrusage would include the parent's at the time of the fork."""
    [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(peak) * KIB


if __name__ == "__main__":
    uvloop.run(main())
