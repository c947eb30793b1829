"""Publish the outbox to Kafka: lock shards, read them, publish in order, delete what was acknowledged.

broker unavailable  ->  the events stay in the outbox and are published again, with growing backoff
broker hangs        ->  its answer is waited for; PostgreSQL ends a transaction that idles for a minute, and when the broker
                        has answered, its events are published again
killed in between   ->  published again: at least once, never lost, never overtaken
a sequence gap      ->  after the producer gave up a batch the broker refuses all its later ones: a new producer begins
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging import kafka, outbox
from shared.messaging.kafka import Producer, oldest_age
from shared.messaging.outbox import OutboxRecord
from shared.messaging.spans import publishing
from shared.observability.health import Health
from shared.observability.metrics import ACKNOWLEDGED_SECONDS, PUBLISH_FAILURES, PUBLISH_SECONDS, PUBLISHED

log = structlog.get_logger()

# Seconds after which a pass over the shards, which takes a few at most, makes the relay unready.
PASS_TIMEOUT = 40.0
UNPUBLISHED = "발행하지 못한 사건이 있습니다 / events could not be published"


async def run(database: Database, settings: Settings, health: Health) -> None:
    """Publish until cancelled, woken by NOTIFY and by the poll interval; an unavailable broker or database is retried.

    Raises OutOfOrderSequence: the caller starts the role again, with a new producer.
    """
    failed = False
    async with kafka.create_producer(settings) as producer, database.listen("outbox") as notified:
        health.progress()
        while True:
            notified.clear()
            with unready_while_slow(health):
                published, failed = await publish_pending(
                    database, producer, settings.relay_batch, shards_apart=failed
                )
            if failed:
                health.failed(UNPUBLISHED)
            else:
                health.progress()
            if not published:
                with suppress(TimeoutError):
                    await asyncio.wait_for(notified.wait(), settings.poll_seconds)


@contextmanager
def unready_while_slow(health: Health) -> Iterator[None]:
    """Make the relay unready when a round takes longer than its time; it is waited for all the same."""
    warning = asyncio.get_running_loop().call_later(PASS_TIMEOUT, health.failed, UNPUBLISHED)
    try:
        yield
    finally:
        warning.cancel()


async def publish_pending(
    database: Database, producer: Producer, batch: int, shards_apart: bool = False
) -> tuple[int, bool]:
    """Publish up to `batch` events of each shard that no other relay holds: (events published, whether any failed).

    After a failure each shard is published in a transaction of its own: an event that cannot be published holds up no
    other shard. Raises OutOfOrderSequence when this producer can publish no more.
    """
    async with database.snapshot() as snapshot:
        shards = await outbox.pending_shards(snapshot)
    groups = [[shard] for shard in shards] if shards_apart else [shards] if shards else []
    rounds = [publish_shards(database, producer, group, batch) for group in groups]
    results = await asyncio.gather(*rounds, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        PUBLISH_FAILURES.labels(database.schema).inc()
        log.warning("relay.publish_failed", reason=repr(failure))
    if gaps := [failure for failure in failures if isinstance(failure, kafka.OutOfOrderSequence)]:
        raise gaps[0]
    return sum(result for result in results if isinstance(result, int)), bool(failures)


async def publish_shards(database: Database, producer: Producer, shards: Sequence[int], batch: int) -> int:
    """Publish the oldest events of the shards in one transaction, which holds their locks; return how many."""
    async with database.batch_transaction() as connection:
        if not (locked := await outbox.lock_shards(connection, shards)):
            return 0
        if not (events := await outbox.read_pending(connection, locked, batch)):
            return 0
        with PUBLISH_SECONDS.labels(database.schema).time(), publishing(events):
            await publish(producer, events)
        ACKNOWLEDGED_SECONDS.labels(database.schema).observe(oldest_age(events[:1]))
        await outbox.delete_published(connection, events)
    for topic, count in Counter(event.topic for event in events).items():
        PUBLISHED.labels(database.schema, topic).inc(count)
    return len(events)


async def publish(producer: Producer, events: Sequence[OutboxRecord]) -> None:
    """Send the events in order and wait for all acknowledgements; raise the first refusal."""
    acknowledgements = await producer.send_records(events)
    results = await asyncio.gather(*acknowledgements, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
