"""Outbox and relay: events are stored with the change that caused them and published in order; none is lost."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka.errors import OutOfOrderSequenceNumber
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.config import Settings
from shared.database.engine import Connection, Database
from shared.errors import RuleBroken
from shared.messaging import outbox
from shared.messaging.outbox import count_and_oldest_age, emit
from shared.messaging.relay import publish_pending, run
from shared.observability.health import Health
from tests.builders import a_selection
from tests.databases import Databases, admin, app_url
from tests.integration.probe import TOPIC, Probe
from tests.memory import MemoryKafka
from tests.system import KafkaSystem

FIRST, SECOND = UUID(int=1), UUID(int=2)  # in different shards


async def test_nothing_is_published_when_the_command_fails(databases: Databases) -> None:
    database, kafka = databases["applications"], MemoryKafka()

    async def fails() -> None:
        async with database.transaction() as session:
            await emit(session, a_selection())
            raise ValueError

    with pytest.raises(ValueError):
        await fails()

    assert await publish_pending(database, kafka, 10) == (0, 0)
    assert not kafka.logs


async def test_relay_that_began_with_empty_tables_does_not_scan_them_later(databases: Databases) -> None:
    """A plan made for the empty tables, and cached, would scan the outbox once for each event in the log."""
    database, kafka, connection = databases["applications"], MemoryKafka(), await admin()
    with suppress(ValueError):
        async with database.transaction() as session:
            await emit(session, a_selection())
            raise ValueError  # leaves a page without a row
    await connection.execute("analyze applications.event_log, applications.outbox")
    before = await rows_read_by_scans(database, connection)
    for _ in range(10):  # a plan is cached after five executions
        async with database.transaction() as session:
            await emit(session, a_selection())
        await publish_pending(database, kafka, 10)
    async with database.transaction() as session:
        await emit(session, *(a_selection() for _ in range(1_000)))

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


async def test_events_of_a_subject_are_numbered_in_the_order_of_their_commits(databases: Databases) -> None:
    database, selection, kafka = databases["applications"], a_selection(), MemoryKafka()

    async def emit_once() -> None:
        async with database.transaction() as session:
            await emit(session, selection)
            await asyncio.sleep(0.001)

    await asyncio.gather(*(emit_once() for _ in range(20)))
    await publish_pending(database, kafka, 100)

    sent = [dict(record.headers)["ce_sequence"] for record in kafka.logs[TOPIC]]
    assert sent == [f"{number:020}".encode() for number in range(1, 21)]


async def test_event_that_commits_late_is_not_skipped(databases: Databases) -> None:
    database, kafka = databases["applications"], MemoryKafka()
    async with database.transaction() as late:
        await emit(late, a_selection(FIRST))
        async with database.transaction() as early:
            await emit(early, a_selection(UUID(int=3)))
        await publish_pending(database, kafka, 10)

    await publish_pending(database, kafka, 10)

    assert len(kafka.logs[TOPIC]) == 2


async def test_published_event_leaves_the_outbox_and_stays_in_the_event_log(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection(), a_selection())

    assert await publish_pending(database, MemoryKafka(), 10) == (2, 0)

    async with database.transaction() as session:
        assert (await count_and_oldest_age(session))[0] == 0
        assert await session.scalar(text("select count(*) from event_log")) == 2


class Refusing(MemoryKafka):
    """Broker that refuses every record of the first subject."""

    async def send(self, topic: str, value: bytes | None, *, key: Any, headers: Any) -> Any:
        if key == str(FIRST).encode():
            raise ConnectionError
        return await super().send(topic, value, key=key, headers=headers)


async def test_shards_apart_a_failing_shard_holds_up_no_other(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, Refusing(), 10, shards_apart=True) == (1, 1)
    assert await pending_in(database) == 1


async def test_after_a_failure_each_shard_is_published_by_itself(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, health = databases["applications"], Health("relay")
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(Refusing()))
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST), a_selection(SECOND))

    running = asyncio.create_task(run(database, Settings(poll_seconds=0.05), health))
    await wait_until_pending(1, database)
    running.cancel()

    assert health.problem()


async def test_relay_is_unready_while_its_broker_hangs_and_goes_on_when_it_answers(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, health, slow = databases["applications"], Health("relay"), Slow()
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(slow))
    monkeypatch.setattr("shared.messaging.relay.PASS_TIMEOUT", 0.1)
    async with database.transaction() as session:
        await emit(session, a_selection())

    running = asyncio.create_task(run(database, Settings(poll_seconds=0.05), health))
    await slow.reached.wait()
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
    async with database.transaction() as session:
        await emit(session, a_selection())

    assert await publish_pending(database, Unacknowledging(), 10) == (0, 1)

    assert await publish_pending(database, MemoryKafka(), 10) == (1, 0)


class Gapped(Unacknowledging):
    """A producer that gave up a batch: the broker refuses every later record for the gap in its sequence."""

    error = OutOfOrderSequenceNumber


async def test_producer_with_a_sequence_gap_is_replaced(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection())

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
    async with database.transaction() as session:
        await emit(session, a_selection())
    holder = asyncio.create_task(publish_pending(database, slow, 10))
    await slow.reached.wait()
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


async def test_event_too_large_for_kafka_is_refused_when_it_is_emitted(databases: Databases) -> None:
    huge = a_selection().model_copy(update={"reason": "가" * 400_000})

    with pytest.raises(RuleBroken, match="event_too_large"):
        async with databases["applications"].transaction() as session:
            await emit(session, huge)


@pytest.mark.parametrize(
    "change", ["update event_log set data = ''", "delete from event_log", "truncate event_log"]
)
async def test_event_log_cannot_be_changed_even_by_a_superuser(databases: Databases, change: str) -> None:
    async with databases["applications"].transaction() as session:
        await emit(session, a_selection())

    as_service = await asyncpg.connect(app_url("applications"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_service.execute(change)
    await as_service.close()

    as_superuser = await admin()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await as_superuser.execute("set search_path = applications; " + change)
    await as_superuser.close()


@pytest.mark.parametrize(
    ("id", "sequence"), [("gen_random_uuid()", "sequence"), ("id", "sequence + 1")], ids=["number", "id"]
)
async def test_database_refuses_a_second_event_with_the_same_number_or_id(
    databases: Databases, id: str, sequence: str
) -> None:
    async with databases["applications"].transaction() as session:
        await emit(session, a_selection())

    with pytest.raises(IntegrityError, match=r"event_log_(subject_sequence|id)_key"):
        async with databases["applications"].transaction() as session:
            await session.execute(
                text(f"""insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
                         select {id}, topic, subject, {sequence}, type, occurred_on, attributes, data from event_log""")
            )


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
    async with databases["funding"].transaction() as session:
        await emit(session, a_selection(FIRST))
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
        async with database.transaction() as session:
            await emit(session, *(a_selection(case) for case in cases))

    await wait_until_pending(0, database)
    for relay in relays:
        relay.cancel()

    order = defaultdict(list)
    for record in await KafkaSystem([], databases, connected).log(TOPIC):
        order[record.key].append(int(dict(record.headers)["ce_sequence"]))
    assert list(order.values()) == [list(range(1, 21))] * len(cases)


async def wait_until_pending(count: int, database: Database) -> None:
    for _ in range(300):
        if (pending := await pending_in(database)) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{pending} events are still pending")


async def pending_in(database: Database) -> int:
    async with database.transaction() as session:
        return (await count_and_oldest_age(session))[0]
