"""Outbox to Kafka: lock some shards, read them, publish in order, forget what was acknowledged.

broker away        ->  what was read stays, and is tried again with growing backoff
broker hangs       ->  its answer is waited for; PostgreSQL ends a transaction that idles for a minute, and when the broker
                       has answered its events are published again
killed in between  ->  published again: at least once, never lost, never overtaken
numbers with a gap ->  the producer's, after a batch that it gave up: the broker takes nothing of it any more; begun anew
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
from shared.messaging.outbox import SHARDS, OutboxRecord
from shared.messaging.spans import publishing
from shared.observability.health import Health
from shared.observability.metrics import ACKNOWLEDGED_SECONDS, PUBLISH_FAILURES, PUBLISH_SECONDS, PUBLISHED

log = structlog.get_logger()

GROUPS = 4  # transactions side by side where much waits: one would leave the broker idle
TURNS = 4  # transactions of such a group, one after another: something may wait in other shards by then
FEW = 100  # events of a shard at once where little waits
MANY = 500  # events of a round: more will wait
ROUND_TIMEOUT = 40.0  # seconds for a round, which takes a few at most
UNPUBLISHED = "발행하지 못한 사건이 있습니다 / events could not be published"


async def run(database: Database, settings: Settings, health: Health) -> None:
    """Until cancelled; a broker or database that is away is waited for."""
    published = failed = 0
    async with kafka.create_producer(settings) as producer, database.listen("outbox") as heard:
        health.progress()
        while True:
            heard.clear()
            with warn_if_slow(health):
                published, failed = await publish_pending(
                    database, producer, *next_batch_size(published, failed, settings.relay_batch)
                )
            if failed:
                health.failed(UNPUBLISHED)
            else:
                health.progress()
            if not published:
                with suppress(TimeoutError):
                    await asyncio.wait_for(heard.wait(), settings.poll_seconds)


@contextmanager
def warn_if_slow(health: Health) -> Iterator[None]:
    """A round that does not end is said, and waited for all the same: the client gives up nothing that it was given."""
    said = asyncio.get_running_loop().call_later(ROUND_TIMEOUT, health.failed, UNPUBLISHED)
    try:
        yield
    finally:
        said.cancel()


def next_batch_size(published: int, failed: int, batch: int) -> tuple[int, int]:
    """Of the next round, by the last one's outcome: (events of a shard at once, transactions side by side).

    Few events go in one transaction: it costs the fewest statements. After a failure each shard goes by itself:
    what cannot be published holds up no other.
    """
    if failed:
        return batch, SHARDS
    return (batch, GROUPS) if published >= MANY else (min(batch, FEW), 1)


async def publish_pending(
    database: Database, producer: Producer, batch: int, groups: int = SHARDS
) -> tuple[int, int]:
    """Publish what waits in each shard that no other relay holds: (events published, groups that failed).

    The shards are dealt into so many groups, a transaction each of up to `batch` events a shard; of several groups
    each has a few turns while much waits.
    Raises OutOfOrderSequence: this producer is of no more use, the role begins again with another.
    """
    async with database.snapshot() as connection:
        shards = await outbox.pending_shards(connection)
    dealt = [shards[first::groups] for first in range(min(groups, len(shards)))]
    turns = TURNS if groups > 1 else 1
    each = [publish_until_empty(database, producer, some, batch, turns) for some in dealt]
    results = await asyncio.gather(*each, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        PUBLISH_FAILURES.labels(database.schema).inc()
        log.warning("relay.shard_failed", reason=repr(failure))
    if gaps := [failure for failure in failures if isinstance(failure, kafka.OutOfOrderSequence)]:
        raise gaps[0]
    return sum(result for result in results if isinstance(result, int)), len(failures)


async def publish_until_empty(
    database: Database, producer: Producer, shards: Sequence[int], batch: int, turns: int
) -> int:
    """Batch after batch while much waits: no group stands still for another's acknowledgements."""
    published = 0
    for _ in range(turns):
        published += (last := await publish_shards(database, producer, shards, batch))
        if last < batch:
            break
    return published


async def publish_shards(database: Database, producer: Producer, shards: Sequence[int], batch: int) -> int:
    async with database.batch_transaction() as connection:
        if not (held := await outbox.lock_shards(connection, shards)):
            return 0
        if not (events := await outbox.read_pending(connection, held, batch)):
            return 0
        with PUBLISH_SECONDS.labels(database.schema).time(), publishing(events):
            await publish(producer, events)
        ACKNOWLEDGED_SECONDS.labels(database.schema).observe(oldest_age(events[:1]))
        await outbox.delete_published(connection, events)
    for topic, count in Counter(event.topic for event in events).items():
        PUBLISHED.labels(database.schema, topic).inc(count)
    return len(events)


async def publish(producer: Producer, events: Sequence[OutboxRecord]) -> None:
    """All are handed over in order, then all acknowledgements are waited for."""
    acknowledged = await producer.send_events(events)
    results = await asyncio.gather(*acknowledged, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
