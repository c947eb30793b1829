"""The outbox: events are stored with the change that caused them, numbered in order, and as they are published."""

import asyncio
from uuid import UUID

import asyncpg
import orjson
import pytest

from shared.errors import RuleBroken
from shared.messaging import outbox
from shared.messaging.cloudevents import DATA_LIMIT, read
from shared.messaging.outbox import count_and_oldest_age, emit
from shared.messaging.relay import publish_pending
from tests.builders import a_selection
from tests.databases import Databases, admin, app_url
from tests.integration.probe import TOPIC
from tests.integration.readings import pending_in
from tests.memory import MemoryKafka

FIRST, SECOND = UUID(int=1), UUID(int=2)  # in different shards


async def test_nothing_is_published_when_the_command_fails(databases: Databases) -> None:
    database, kafka = databases["applications"], MemoryKafka()

    async def fails() -> None:
        async with database.transaction() as transaction:
            await emit(transaction, a_selection())
            raise ValueError

    with pytest.raises(ValueError):
        await fails()

    assert await publish_pending(database, kafka, 10) == (0, 0)
    assert not kafka.logs


async def test_events_of_a_subject_are_numbered_in_the_order_of_their_commits(databases: Databases) -> None:
    database, selection, kafka = databases["applications"], a_selection(), MemoryKafka()

    async def emit_once() -> None:
        async with database.transaction() as transaction:
            await emit(transaction, selection)
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
    async with database.transaction() as transaction:
        await emit(transaction, a_selection(), a_selection())

    assert await publish_pending(database, MemoryKafka(), 10) == (2, 0)

    async with database.transaction() as transaction:
        assert (await count_and_oldest_age(transaction))[0] == 0
        assert await transaction.value("select count(*) from event_log") == 2


async def test_event_too_large_for_kafka_is_refused_when_it_is_emitted(databases: Databases) -> None:
    huge = a_selection().model_copy(update={"predecessor_receipt_number": "가" * 400_000})

    with pytest.raises(RuleBroken, match=r"^event_too_large: "):
        async with databases["applications"].transaction() as transaction:
            await emit(transaction, huge)


@pytest.mark.parametrize(
    "change", ["update event_log set data = ''", "delete from event_log", "truncate event_log"]
)
async def test_event_log_cannot_be_changed_even_by_a_superuser(databases: Databases, change: str) -> None:
    async with databases["applications"].transaction() as transaction:
        await emit(transaction, a_selection())

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
    async with databases["applications"].transaction() as transaction:
        await emit(transaction, a_selection())

    with pytest.raises(asyncpg.UniqueViolationError, match=r"event_log_(subject_sequence|id)_key"):
        async with databases["applications"].transaction() as transaction:
            await transaction.fetch(
                f"""insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
                    select {id}, topic, subject, {sequence}, type, occurred_on, attributes, data from event_log"""
            )


async def test_event_is_published_as_it_was_stored(databases: Databases) -> None:
    database, kafka, event = databases["applications"], MemoryKafka(), a_selection(FIRST)
    event = event.model_copy(update={"rank": None})
    async with database.transaction() as transaction:
        await emit(transaction, event)

    await publish_pending(database, kafka, 10)

    [record] = kafka.logs[TOPIC]
    envelope, data = read(record.headers, record.value)
    assert (record.key, data) == (str(FIRST).encode(), event.model_dump_json(exclude_none=True).encode())
    assert (envelope.type, envelope.sequence) == ("kr.ieum.company.selected.v2", f"{1:020}")
    assert dict(record.headers)["content-type"] == b"application/json"
    assert "rank" not in orjson.loads(data)
    async with database.transaction() as transaction:
        [logged] = await transaction.fetch("select id, type, occurred_on, subject from event_log")
    assert tuple(logged) == (UUID(envelope.id), envelope.type, event.occurred_on, str(FIRST))


def test_name_of_a_header_is_made_once_from_its_attribute() -> None:
    names = outbox.HeaderNames()

    assert [names["id"], names["time"], names["id"]] == ["ce_id", "ce_time", "ce_id"]
    assert names == {"id": "ce_id", "time": "ce_time"}


async def test_event_as_large_as_kafka_takes_is_stored(databases: Databases) -> None:
    event = a_selection().model_copy(update={"predecessor_receipt_number": ""})
    size = len(event.model_dump_json(exclude_none=True).encode())
    largest = event.model_copy(update={"predecessor_receipt_number": "x" * (DATA_LIMIT - size)})

    async with databases["applications"].transaction() as transaction:
        await emit(transaction, largest)

    assert await pending_in(databases["applications"]) == 1


async def test_events_of_every_shard_are_pending(databases: Databases) -> None:
    database = databases["applications"]
    subjects = {outbox.shard_of(str(id)): id for id in map(UUID, (f"{n:032x}" for n in range(200)))}
    async with database.transaction() as transaction:
        await emit(transaction, *(a_selection(id) for id in subjects.values()))

    async with database.snapshot() as snapshot:
        assert sorted(await outbox.pending_shards(snapshot)) == list(range(16))


async def test_number_and_age_of_pending_events(databases: Databases) -> None:
    database = databases["applications"]
    async with database.transaction() as transaction:
        assert await count_and_oldest_age(transaction) == (0, 0.0)
        await emit(transaction, a_selection(), a_selection())

    async with database.transaction() as transaction:
        count, seconds = await count_and_oldest_age(transaction)
    assert count == 2
    assert 0 < seconds < 60
