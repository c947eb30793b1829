"""The product's rebuild, in a process of its own: what it took, and the most memory that it ever had."""

import re
import time
from pathlib import Path

import uvloop

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.garbage import tune_garbage_collection
from shared.projections.rebuild import Rebuild
from tests.bench import child

KIB = 1024


async def main() -> None:
    given = child.given()
    tune_garbage_collection()  # as `ieum rebuild` does
    settings = Settings(kafka_bootstrap=given["bootstrap"])
    rebuild = Rebuild(SERVICE.name, given["url"], SERVICE.projections, settings)
    began = time.perf_counter()
    result = await rebuild.run()
    took = time.perf_counter() - began
    child.answer(
        seconds=took, records=result.records, equal=result.equal, dead=result.dead, bytes=most_memory()
    )


def most_memory() -> int:
    """Bytes, of this program alone: getrusage begins with what the parent had when it started us."""
    [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(peak) * KIB


if __name__ == "__main__":
    uvloop.run(main())
