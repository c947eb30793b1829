"""Outbox to Kafka: lock a shard, read it, publish it in order, forget what was acknowledged.

broker away        ->  what was read stays, and is tried again with growing backoff
killed in between  ->  published again: at least once, never lost, never overtaken
numbers with a gap ->  the producer's, after a batch that it gave up: the broker takes nothing of it any more; begun anew
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import structlog

from shared.config import Settings
from shared.db import Database
from shared.delivery import kafka, outbox
from shared.delivery.health import Health
from shared.delivery.kafka import Producer, age
from shared.delivery.outbox import Ready
from shared.delivery.spans import publishing
from shared.metrics import ACKNOWLEDGED_SECONDS, PUBLISH_FAILURES, PUBLISH_SECONDS, PUBLISHED

log = structlog.get_logger()


async def run(database: Database, settings: Settings, health: Health) -> None:
    """Until cancelled; a broker or database that is away is waited for."""
    async with kafka.producer(settings) as producer, database.listening("outbox") as heard:
        health.progress()
        while True:
            heard.clear()
            published, failed = await relay(database, producer, settings.relay_batch)
            if failed:
                health.failed("발행하지 못한 사건이 있습니다 / events could not be published")
            else:
                health.progress()
            if not published:
                with suppress(TimeoutError):
                    await asyncio.wait_for(heard.wait(), settings.poll_seconds)


async def relay(database: Database, producer: Producer, batch: int) -> tuple[int, int]:
    """Publish what waits in each shard that no other relay holds: (events published, shards that failed).

    Raises NumbersHaveAGap: this producer is of no more use, the role begins again with another.
    """
    async with database.fast_transaction() as connection:
        shards = await outbox.waiting_shards(connection)
    each = [relay_shard(database, producer, shard, batch) for shard in shards]
    results = await asyncio.gather(*each, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        PUBLISH_FAILURES.labels(database.schema).inc()
        log.warning("relay.shard_failed", reason=repr(failure))
    if gaps := [failure for failure in failures if isinstance(failure, kafka.NumbersHaveAGap)]:
        raise gaps[0]
    return sum(result for result in results if isinstance(result, int)), len(failures)


async def relay_shard(database: Database, producer: Producer, shard: int, batch: int) -> int:
    async with database.fast_transaction() as connection:
        if not await outbox.lock_shard(connection, shard):
            return 0
        if not (events := await outbox.waiting(connection, shard, batch)):
            return 0
        with PUBLISH_SECONDS.labels(database.schema).time(), publishing(events):
            await publish(producer, events)
        ACKNOWLEDGED_SECONDS.labels(database.schema).observe(age(events[:1]))
        await outbox.forget(connection, events)
    for topic, count in Counter(event.topic for event in events).items():
        PUBLISHED.labels(database.schema, topic).inc(count)
    return len(events)


async def publish(producer: Producer, events: Sequence[Ready]) -> None:
    """All are handed over in order, then all acknowledgements are waited for."""
    acknowledged = await producer.send_events(events)
    results = await asyncio.gather(*acknowledged, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
