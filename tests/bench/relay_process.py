"""The product's relay in a process of its own; on request it returns at its end when each record was acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import uvloop

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging import kafka, relay
from shared.observability.health import Health
from shared.service import tune_garbage_collection
from tests import databases as real
from tests.bench import child_process
from tests.bench.child_process import Child
from tests.bench.polling import until
from tests.bench.servers import Servers

SCHEMA = "applications"
Acknowledged = tuple[str, int, int, int, float]  # topic, partition, first offset, records, when


class RecordingProducer(kafka.BatchProducer):
    """Producer that records when the broker acknowledged each batch."""

    acknowledged: list[Acknowledged] = []

    async def send_batch(self, batch: Any, *arguments: Any, **options: Any) -> Any:
        return self.record(await super().send_batch(batch, *arguments, **options), batch.record_count())

    def record(self, future: Any, records: int) -> Any:
        future.add_done_callback(partial(self.done, records))
        return future

    def done(self, records: int, future: Any) -> None:
        metadata = future.result()
        self.acknowledged.append(
            (metadata.topic, metadata.partition, metadata.offset, records, time.monotonic())
        )


@asynccontextmanager
async def running_relay(servers: Servers, record_acknowledgements: bool = False) -> AsyncIterator[Child]:
    """Run a relay in a child process; it is ready when the block begins."""
    arguments = {
        "bootstrap": servers.settings.kafka_bootstrap,
        "url": real.app_url(SCHEMA),
        "record_acknowledgements": record_acknowledgements,
    }
    async with child_process.running(arguments, "-m", __name__) as relay:
        assert (await relay.receive())["ready"]
        yield relay


async def main() -> None:
    arguments = child_process.arguments()
    if arguments["record_acknowledgements"]:
        kafka.BatchProducer = RecordingProducer  # type: ignore[misc]  # replacing the class is intended here
    tune_garbage_collection()  # as the product does when it begins
    settings = Settings(kafka_bootstrap=arguments["bootstrap"])
    database, health = Database(arguments["url"], SCHEMA), Health("relay")
    running = asyncio.create_task(relay.run(database, settings, health))

    async def ready() -> bool:
        return not health.problem() or running.done()

    await until(ready)
    child_process.send(ready=not running.done())
    await asyncio.wait(
        [running, asyncio.create_task(child_process.wait_for_end())], return_when=asyncio.FIRST_COMPLETED
    )
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await database.close()
    child_process.send(acknowledged=RecordingProducer.acknowledged)


if __name__ == "__main__":
    uvloop.run(main())
