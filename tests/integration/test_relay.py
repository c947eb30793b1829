"""The relay: stored events are published in their order, and none is lost, whatever fails."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from contextlib import nullcontext, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Connection, Transaction
from shared.messaging import outbox
from shared.messaging.kafka import OutgoingRecord
from shared.messaging.outbox import emit
from shared.messaging.relay import publish, publish_pending, run
from shared.observability.health import Health
from shared.observability.logs import correlated
from tests.builders import a_selection
from tests.databases import Databases, admin, app_url
from tests.integration.probe import TOPIC, Probe
from tests.integration.readings import pending_in, sample
from tests.memory import MemoryKafka
from tests.system import QUIESCENCE_TIMEOUT, KafkaSystem
from tests.tracing import record_spans

FIRST, SECOND = UUID(int=1), UUID(int=2)  # in different shards


async def test_relay_that_began_with_empty_tables_does_not_scan_them_later(databases: Databases) -> None:
    """A plan made for the empty tables, and cached, would scan the outbox once for each event in the log."""
    database, kafka, connection = databases["applications"], MemoryKafka(), await admin()
    with suppress(ValueError):
        async with database.transaction() as transaction:
            await emit(transaction, a_selection())
            raise ValueError  # leaves a page without a row
    await connection.execute("analyze applications.event_log, applications.outbox")
    before = await rows_read_by_scans(database, connection)
    for _ in range(10):  # a plan is cached after five executions
        async with database.transaction() as transaction:
            await emit(transaction, a_selection())
        await publish_pending(database, kafka, 10)
    async with database.transaction() as transaction:
        await emit(transaction, *(a_selection() for _ in range(1_000)))

    published, _ = await publish_pending(database, kafka, 10_000)
    after = await rows_read_by_scans(database, connection)
    await connection.close()

    assert published == 1_000
    assert after - before < 2 * outbox.SHARDS * published


async def rows_read_by_scans(database: Database, connection: Connection) -> int:
    """Return the rows of the schema read by sequential scans; a connection reports them when it is closed."""
    await database.close()
    await asyncio.sleep(0.5)
    statement = "select sum(seq_tup_read) from pg_stat_user_tables where schemaname = $1"
    return int(await connection.fetchval(statement, database.schema))


class Refusing(MemoryKafka):
    """Broker that refuses every record of the first subject."""

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        if key == str(FIRST).encode():
            raise ConnectionError
        return await super().send(topic, value, key=key, headers=headers)


async def test_shards_apart_a_failing_shard_holds_up_no_other(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, Refusing(), 10, shards_apart=True) == (1, 1)
    assert await pending_in(database) == 1


async def test_after_a_failure_each_shard_is_published_by_itself(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, health, kafka = databases["applications"], Health("relay"), Refusing()
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(kafka))
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(SECOND), a_selection(FIRST))

    running = asyncio.create_task(run(database, Settings(poll_seconds=0.05), health))
    await wait_until_pending(1, database)
    running.cancel()

    assert health.problem()
    assert len(kafka.logs[TOPIC]) == 2  # rolled back with the other shard, then by itself


async def test_all_shards_are_published_in_one_transaction_at_first(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, Refusing(), 10) == (0, True)
    assert await pending_in(database) == 2


async def test_relay_is_unready_while_its_broker_hangs_and_goes_on_when_it_answers(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, health, slow = databases["applications"], Health("relay"), Slow()
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(slow))
    monkeypatch.setattr("shared.messaging.relay.PASS_TIMEOUT", 0.1)
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())

    running = asyncio.create_task(run(database, Settings(poll_seconds=0.05), health))
    await asyncio.wait_for(slow.reached.wait(), QUIESCENCE_TIMEOUT)
    assert health.problem() is None
    await asyncio.sleep(0.3)
    assert "발행하지 못한 사건" in str(health.problem())
    slow.released.set()
    await wait_until_pending(0, database)
    await asyncio.sleep(0.1)
    running.cancel()

    assert health.problem() is None


class Unacknowledging(MemoryKafka):
    """Broker that stores every record and refuses its acknowledgement."""

    error: type[Exception] = ConnectionError

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        await super().send(topic, value, key=key, headers=headers)
        refused = asyncio.get_running_loop().create_future()
        refused.set_exception(self.error())
        return refused


async def test_unacknowledged_event_stays_in_the_outbox_and_is_published_again(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())

    assert await publish_pending(database, Unacknowledging(), 10) == (0, 1)

    assert await publish_pending(database, MemoryKafka(), 10) == (1, 0)


class Gapped(Unacknowledging):
    """A producer that gave up a batch: the broker refuses every later record for the gap in its sequence."""

    error = OutOfOrderSequenceNumber


async def test_producer_with_a_sequence_gap_is_replaced(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())

    with pytest.raises(OutOfOrderSequenceNumber):
        await publish_pending(database, Gapped(), 10)

    assert await publish_pending(database, MemoryKafka(), 10) == (1, 0)


class Slow(MemoryKafka):
    """Broker that acknowledges nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.released = asyncio.Event(), asyncio.Event()

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        self.reached.set()
        await self.released.wait()
        return await super().send(topic, value, key=key, headers=headers)


async def start_publishing_relay(database: Database) -> "tuple[asyncio.Task[tuple[int, bool]], Slow]":
    """Start a relay that has locked the shard of one event and waits for its broker."""
    slow = Slow()
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())
    holder = asyncio.create_task(publish_pending(database, slow, 10))
    await asyncio.wait_for(slow.reached.wait(), QUIESCENCE_TIMEOUT)
    return holder, slow


async def test_a_shard_that_another_relay_has_locked_is_skipped(databases: Databases) -> None:
    holder, slow = await start_publishing_relay(databases["applications"])

    second = await publish_pending(databases["applications"], MemoryKafka(), 10)
    slow.released.set()
    first = await holder

    assert (first, second) == ((1, 0), (0, 0))


async def test_relay_does_not_publish_again_what_the_last_holder_of_the_shard_has_published(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second relay's transaction begins before the holder's ends, and gets the lock after that."""
    holder, slow = await start_publishing_relay(databases["applications"])
    lock = outbox.lock_shards

    async def lock_when_free(connection: Connection, shards: Sequence[int]) -> list[int]:
        slow.released.set()
        await holder
        return await lock(connection, shards)

    monkeypatch.setattr(outbox, "lock_shards", lock_when_free)
    second = await publish_pending(databases["applications"], MemoryKafka(), 10)
    slow.released.set()
    first = await holder

    assert (first, second) == ((1, 0), (0, 0))


async def test_at_most_as_many_events_of_a_shard_are_published_as_a_batch_holds(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(FIRST), a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, MemoryKafka(), 1) == (2, False)

    assert await pending_in(database) == 1


def published(metric: str, **labels: str) -> float:
    return sample(metric, service="applications", **labels)


async def test_published_events_are_counted_and_timed(databases: Databases) -> None:
    database = databases["applications"]
    timed = "ieum_publish_seconds_count", "ieum_acknowledged_seconds_count"
    before = [published(name) for name in timed], published("ieum_published_total", topic=TOPIC)
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(FIRST), a_selection(SECOND))

    await publish_pending(database, MemoryKafka(), 10)

    assert [published(name) for name in timed] == [count + 1 for count in before[0]]
    assert published("ieum_published_total", topic=TOPIC) == before[1] + 2


async def test_age_of_an_acknowledged_event_begins_with_its_recording(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())
    await asyncio.sleep(0.2)
    before = published("ieum_acknowledged_seconds_sum")

    await publish_pending(database, MemoryKafka(), 10)

    assert 0.2 <= published("ieum_acknowledged_seconds_sum") - before < 30


async def test_failed_publication_is_counted(databases: Databases) -> None:
    database = databases["applications"]
    before = published("ieum_publish_failures_total")
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(FIRST))

    await publish_pending(database, Refusing(), 10)

    assert published("ieum_publish_failures_total") == before + 1


async def test_publication_has_a_span_for_each_event_of_a_recorded_trace(databases: Databases) -> None:
    database = databases["applications"]
    with correlated(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
        async with database.transaction() as transaction:
            await emit(transaction, a_selection(), a_selection())

    with record_spans() as spans:
        await publish_pending(database, MemoryKafka(), 10)

    assert [span.name for span in spans.spans] == ["publish ieum.applications"] * 2


class Batches(MemoryKafka):
    """Records how many events each batch has."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    async def send_records(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        self.sizes.append(len(events))
        return await super().send_records(events)


async def test_relay_publishes_batch_after_batch_until_nothing_is_pending(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, kafka, settings = (
        databases["applications"],
        Batches(),
        Settings(poll_seconds=60.0, relay_batch=2),
    )

    def create_producer(given: Settings) -> nullcontext[Batches]:
        assert given is settings
        return nullcontext(kafka)

    monkeypatch.setattr("shared.messaging.kafka.create_producer", create_producer)
    async with database.transaction() as transaction:
        await emit(transaction, *(a_selection(FIRST) for _ in range(5)))

    running = asyncio.create_task(run(database, settings, Health("relay")))
    await wait_until_pending(0, database)
    running.cancel()

    assert kafka.sizes == [2, 2, 1]


async def test_idle_relay_waits_until_an_event_is_stored(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, rounds, look = databases["applications"], list[int](), outbox.pending_shards
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(MemoryKafka()))

    async def count_rounds(executor: Transaction) -> list[int]:
        rounds.append(1)
        return await look(executor)

    monkeypatch.setattr(outbox, "pending_shards", count_rounds)
    running = asyncio.create_task(run(database, Settings(poll_seconds=60.0), Health("relay")))
    await asyncio.sleep(0.3)
    idle = len(rounds)
    async with database.transaction() as transaction:
        await emit(transaction, a_selection())
    await wait_until_pending(0, database)
    running.cancel()

    assert idle == 1


class Halfway(MemoryKafka):
    """Refuses the first event's acknowledgement at once, and gives the second's when it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.second: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def send_records(self, events: Sequence[OutgoingRecord]) -> Sequence[Awaitable[object]]:
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refused.set_exception(ConnectionError("refused"))
        return [refused, self.second]


async def test_refusal_is_raised_once_every_event_of_the_batch_is_answered() -> None:
    kafka = Halfway()

    publishing = asyncio.create_task(publish(kafka, []))
    await asyncio.sleep(0.05)
    answered_early = publishing.done()
    kafka.second.set_result(None)

    with pytest.raises(ConnectionError, match="refused"):
        await publishing
    assert not answered_early


KILLED_RELAY = """
import asyncio, os, signal
from shared.config import Settings
from shared.database.engine import Database
from shared.messaging import outbox, relay
from shared.observability.health import Health

async def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

outbox.delete_published = killed
settings = Settings()
asyncio.run(relay.run(Database(settings.database_url, "funding"), settings, Health("relay")))
"""


@pytest.mark.connected
async def test_relay_killed_before_it_deletes_publishes_again_and_the_event_is_handled_once(
    databases: Databases, connected: Settings, topics_emptied: None
) -> None:
    probe = Probe()
    async with databases["funding"].transaction() as transaction:
        await emit(transaction, a_selection(FIRST))
    env = os.environ | {
        "IEUM_DATABASE_URL": app_url("funding"),
        "IEUM_KAFKA_BOOTSTRAP": connected.kafka_bootstrap,
    }
    relay = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_RELAY, env=env)
    assert await relay.wait() == -signal.SIGKILL

    async with KafkaSystem([probe.service], databases, connected) as system:
        await system.start()
        await system.run_until_quiescent()
        sent = [dict(record.headers)["ce_id"] for record in await system.log(TOPIC)]

    assert len(sent) == 2
    assert len(set(sent)) == 1
    assert len(probe.handled) == 1


@pytest.mark.connected
async def test_two_relays_keep_the_order_of_each_key(
    databases: Databases, connected: Settings, topics_emptied: None
) -> None:
    database, cases = databases["applications"], [uuid4() for _ in range(20)]
    small_batches = connected.model_copy(update={"relay_batch": 3})
    relays = [asyncio.create_task(run(database, small_batches, Health("relay"))) for _ in range(2)]
    for _ in range(20):
        async with database.transaction() as transaction:
            await emit(transaction, *(a_selection(case) for case in cases))

    await wait_until_pending(0, database)
    for relay in relays:
        relay.cancel()

    order = defaultdict(list)
    for record in await KafkaSystem([], databases, connected).log(TOPIC):
        order[record.key].append(int(dict(record.headers)["ce_sequence"]))
    assert list(order.values()) == [list(range(1, 21))] * len(cases)


async def wait_until_pending(count: int, database: Database) -> None:
    for _ in range(int(QUIESCENCE_TIMEOUT * 10)):
        if (pending := await pending_in(database)) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{pending} events are still pending")
