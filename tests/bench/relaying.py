"""The product's relay, in a process of its own; it tells at its end when each record was acknowledged, if asked to."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import uvloop

from shared.config import Settings
from shared.database.engine import Database
from shared.garbage import tune_garbage_collection
from shared.messaging import kafka, relay
from shared.observability.health import Health
from tests import databases as real
from tests.bench import child
from tests.bench.child import Child
from tests.bench.servers import Servers
from tests.bench.waiting import until

SCHEMA = "applications"
Acknowledged = tuple[str, int, int, int, float]  # topic, partition, first offset, records, when


class Stamped(kafka.BatchProducer):
    """Notes when the broker acknowledged what was sent, in whichever way it was."""

    seen: list[Acknowledged] = []

    async def send_batch(self, batch: Any, *given: Any, **named: Any) -> Any:
        return self.note(await super().send_batch(batch, *given, **named), batch.record_count())

    def note(self, future: Any, records: int) -> Any:
        future.add_done_callback(partial(self.done, records))
        return future

    def done(self, records: int, future: Any) -> None:
        at = future.result()
        self.seen.append((at.topic, at.partition, at.offset, records, time.monotonic()))


@asynccontextmanager
async def relaying(servers: Servers, stamped: bool = False) -> AsyncIterator[Child]:
    """In the parent: a relay that is ready."""
    given = {"bootstrap": servers.settings.kafka_bootstrap, "url": real.app_url(SCHEMA), "stamped": stamped}
    async with child.started(given, "-m", __name__) as relay:
        assert (await relay.hear())["ready"]
        yield relay


async def main() -> None:
    given = child.given()
    if given["stamped"]:
        kafka.BatchProducer = Stamped  # type: ignore[misc]  # a class is not to be assigned to: here it is the purpose
    tune_garbage_collection()  # as the product does when it begins
    settings = Settings(kafka_bootstrap=given["bootstrap"])
    database, health = Database(given["url"], SCHEMA), Health("relay")
    running = asyncio.create_task(relay.run(database, settings, health))

    async def ready() -> bool:
        return not health.problem() or running.done()

    await until(ready)
    child.answer(ready=not running.done())
    await asyncio.wait(
        [running, asyncio.create_task(child.told_to_finish())], return_when=asyncio.FIRST_COMPLETED
    )
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await database.close()
    child.answer(acknowledged=Stamped.seen)


if __name__ == "__main__":
    uvloop.run(main())
