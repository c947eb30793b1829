"""Outbox and relay: events are stored with the change that caused them and published in order; none is lost."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from contextlib import nullcontext, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from aiokafka.errors import OutOfOrderSequenceNumber
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.config import Settings
from shared.database.engine import Connection, Database, Executor
from shared.errors import RuleBroken
from shared.messaging import outbox
from shared.messaging.cloudevents import DATA_LIMIT, read
from shared.messaging.kafka import OutgoingRecord
from shared.messaging.outbox import count_and_oldest_age, emit
from shared.messaging.relay import publish, publish_pending, run
from shared.observability.health import Health
from shared.observability.logs import correlated
from tests.builders import a_selection
from tests.databases import Databases, admin, app_url
from tests.integration.probe import TOPIC, Probe
from tests.memory import MemoryKafka
from tests.system import QUIESCENCE_TIMEOUT, KafkaSystem
from tests.tracing import record_spans

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
    database, health, kafka = databases["applications"], Health("relay"), Refusing()
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(kafka))
    async with database.transaction() as session:
        await emit(session, a_selection(SECOND), a_selection(FIRST))

    running = asyncio.create_task(run(database, Settings(poll_seconds=0.05), health))
    await wait_until_pending(1, database)
    running.cancel()

    assert health.problem()
    assert len(kafka.logs[TOPIC]) == 2  # rolled back with the other shard, then by itself


async def test_all_shards_are_published_in_one_transaction_at_first(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, Refusing(), 10) == (0, True)
    assert await pending_in(database) == 2


async def test_relay_is_unready_while_its_broker_hangs_and_goes_on_when_it_answers(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, health, slow = databases["applications"], Health("relay"), Slow()
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(slow))
    monkeypatch.setattr("shared.messaging.relay.PASS_TIMEOUT", 0.1)
    async with database.transaction() as session:
        await emit(session, a_selection())

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


async def test_event_too_large_for_kafka_is_refused_when_it_is_emitted(databases: Databases) -> None:
    huge = a_selection().model_copy(update={"reason": "가" * 400_000})

    with pytest.raises(RuleBroken, match=r"^event_too_large: "):
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


async def test_event_is_published_as_it_was_stored(databases: Databases) -> None:
    database, kafka, event = databases["applications"], MemoryKafka(), a_selection(FIRST)
    event = event.model_copy(update={"rank": None})
    async with database.transaction() as session:
        await emit(session, event)

    await publish_pending(database, kafka, 10)

    [record] = kafka.logs[TOPIC]
    envelope, data = read(record.headers, record.value)
    assert (record.key, data) == (str(FIRST).encode(), event.model_dump_json(exclude_none=True).encode())
    assert (envelope.type, envelope.sequence) == ("kr.ieum.company.selected.v1", f"{1:020}")
    assert dict(record.headers)["content-type"] == b"application/json"
    assert "rank" not in orjson.loads(data)
    async with database.transaction() as session:
        [logged] = (await session.execute(text("select id, type, occurred_on, subject from event_log"))).all()
    assert tuple(logged) == (UUID(envelope.id), envelope.type, event.occurred_on, str(FIRST))


def test_name_of_a_header_is_made_once_from_its_attribute() -> None:
    names = outbox.HeaderNames()

    assert [names["id"], names["time"], names["id"]] == ["ce_id", "ce_time", "ce_id"]
    assert names == {"id": "ce_id", "time": "ce_time"}


async def test_event_as_large_as_kafka_takes_is_stored(databases: Databases) -> None:
    event = a_selection()
    size = len(event.model_dump_json(exclude_none=True).encode()) - len(event.reason.encode())
    largest = event.model_copy(update={"reason": "x" * (DATA_LIMIT - size)})

    async with databases["applications"].transaction() as session:
        await emit(session, largest)

    assert await pending_in(databases["applications"]) == 1


async def test_events_of_every_shard_are_pending(databases: Databases) -> None:
    database = databases["applications"]
    subjects = {outbox.shard_of(str(id)): id for id in map(UUID, (f"{n:032x}" for n in range(200)))}
    async with database.transaction() as session:
        await emit(session, *(a_selection(id) for id in subjects.values()))

    async with database.snapshot() as connection:
        assert await outbox.pending_shards(connection) == list(range(16))


async def test_at_most_as_many_events_of_a_shard_are_published_as_a_batch_holds(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST), a_selection(FIRST), a_selection(SECOND))

    assert await publish_pending(database, MemoryKafka(), 1) == (2, False)

    assert await pending_in(database) == 1


async def test_number_and_age_of_pending_events(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        assert await count_and_oldest_age(session) == (0, 0.0)
        await emit(session, a_selection(), a_selection())

    async with database.transaction() as session:
        count, seconds = await count_and_oldest_age(session)
    assert count == 2
    assert 0 < seconds < 60


def samples(*names: str, **labels: str) -> list[float]:
    return [REGISTRY.get_sample_value(name, {"service": "applications"} | labels) or 0 for name in names]


async def test_published_events_are_counted_and_timed(databases: Databases) -> None:
    database = databases["applications"]
    timed = "ieum_publish_seconds_count", "ieum_acknowledged_seconds_count"
    before = samples(*timed), samples("ieum_published_total", topic=TOPIC)
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST), a_selection(SECOND))

    await publish_pending(database, MemoryKafka(), 10)

    assert samples(*timed) == [count + 1 for count in before[0]]
    assert samples("ieum_published_total", topic=TOPIC) == [before[1][0] + 2]


async def test_age_of_an_acknowledged_event_begins_with_its_recording(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as session:
        await emit(session, a_selection())
    await asyncio.sleep(0.2)
    [before] = samples("ieum_acknowledged_seconds_sum")

    await publish_pending(database, MemoryKafka(), 10)

    assert 0.2 <= samples("ieum_acknowledged_seconds_sum")[0] - before < 30


async def test_failed_publication_is_counted(databases: Databases) -> None:
    database = databases["applications"]
    [before] = samples("ieum_publish_failures_total")
    async with database.transaction() as session:
        await emit(session, a_selection(FIRST))

    await publish_pending(database, Refusing(), 10)

    assert samples("ieum_publish_failures_total") == [before + 1]


async def test_publication_has_a_span_for_each_event_of_a_recorded_trace(databases: Databases) -> None:
    database = databases["applications"]
    with correlated(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
        async with database.transaction() as session:
            await emit(session, a_selection(), a_selection())

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
    async with database.transaction() as session:
        await emit(session, *(a_selection(FIRST) for _ in range(5)))

    running = asyncio.create_task(run(database, settings, Health("relay")))
    await wait_until_pending(0, database)
    running.cancel()

    assert kafka.sizes == [2, 2, 1]


async def test_idle_relay_waits_until_an_event_is_stored(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, rounds, look = databases["applications"], list[int](), outbox.pending_shards
    monkeypatch.setattr("shared.messaging.kafka.create_producer", lambda _: nullcontext(MemoryKafka()))

    async def count_rounds(executor: Executor) -> list[int]:
        rounds.append(1)
        return await look(executor)

    monkeypatch.setattr(outbox, "pending_shards", count_rounds)
    running = asyncio.create_task(run(database, Settings(poll_seconds=60.0), Health("relay")))
    await asyncio.sleep(0.3)
    idle = len(rounds)
    async with database.transaction() as session:
        await emit(session, a_selection())
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
    for _ in range(int(QUIESCENCE_TIMEOUT * 10)):
        if (pending := await pending_in(database)) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{pending} events are still pending")


async def pending_in(database: Database) -> int:
    async with database.transaction() as session:
        return (await count_and_oldest_age(session))[0]
