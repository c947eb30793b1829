"""The product's rebuild, in a process of its own: what it took, and the most memory that it ever had."""

import resource
import time

import uvloop

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.delivery.rebuild import Rebuild
from shared.garbage import collect_rarely
from tests.bench import child

KIB = 1024


async def main() -> None:
    given = child.given()
    collect_rarely()  # as `ieum rebuild` does
    settings = Settings(kafka_bootstrap=given["bootstrap"])
    rebuild = Rebuild(SERVICE.name, given["url"], SERVICE.projections, settings)
    began = time.perf_counter()
    result = await rebuild.run()
    took = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    child.answer(seconds=took, records=result.records, equal=result.equal, dead=result.dead, bytes=most)


if __name__ == "__main__":
    uvloop.run(main())
