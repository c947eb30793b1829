"""Inbox entries, parked records and dead letters: each is stored once, and read as it was stored."""

import math
from hashlib import sha256
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from shared.database.engine import Database
from shared.errors import BusinessError, Malformed, RuleBroken
from shared.events.external import LegacyCaseRecorded
from shared.events.funding import FundingRecordDeadLettered
from shared.messaging import dead_letters, inbox, parking
from shared.messaging.cloudevents import Envelope
from shared.messaging.parking import ParkedRecord
from shared.values.clock import today
from tests.integration.readings import sample
from tests.memory import MemoryRecord

TOPIC = "ieum.applications"
HEADERS = [("ce_id", b"event-1"), ("ce_id", b"\xff\x00"), ("empty", None)]


def a_record(
    offset: int = 17, key: bytes | None = b"case-1", topic: str = TOPIC, partition: int = 3
) -> MemoryRecord:
    return MemoryRecord(topic, offset, key, b"\x00{", HEADERS, partition)


def an_envelope(**attributes: str) -> Envelope:
    usual = {
        "id": "event-1",
        "source": "/services/applications",
        "type": "kr.ieum.company.selected.v2",
        "subject": "case-1",
        "time": "2024-07-01T00:00:00Z",
    }
    return Envelope.model_validate(usual | attributes)


async def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    async with database.transaction() as transaction:
        return [dict(row) for row in await transaction.fetch(statement)]


async def deliver(database: Database, envelope: Envelope, data: bytes = b"{}") -> bool:
    async with database.transaction() as transaction:
        return await inbox.is_first_delivery(transaction, envelope, data)


async def test_only_the_first_delivery_of_an_event_is_the_first(database: Database) -> None:
    assert await deliver(database, an_envelope())
    assert not await deliver(database, an_envelope())


@pytest.mark.parametrize("other", [{"id": "event-2"}, {"source": "/external/legacy"}])
async def test_events_of_another_id_or_source_do_not_count_as_delivered(
    database: Database, other: dict[str, str]
) -> None:
    first, second = (an_envelope(), b"first"), (an_envelope(**other), b"second")

    assert [await deliver(database, *event) for event in (first, second)] == [True, True]
    assert [await deliver(database, *event) for event in (first, second)] == [False, False]


@pytest.mark.parametrize(
    ("envelope", "data"),
    [(an_envelope(), b"other"), (an_envelope(type="kr.ieum.company.rejected.v2"), b"{}")],
    ids=["data", "type"],
)
async def test_other_data_or_type_under_the_same_id_is_refused(
    database: Database, envelope: Envelope, data: bytes
) -> None:
    await deliver(database, an_envelope())

    with pytest.raises(RuleBroken, match=r"^same_id_other_content: .*event-1"):
        await deliver(database, envelope, data)


async def test_inbox_keeps_the_digest_of_type_and_data(database: Database) -> None:
    """Entries are kept for ever: another release must compute the same digest."""
    await deliver(database, an_envelope(), b"data")

    [entry] = await rows(database, "select * from inbox")
    assert entry == {
        "source": "/services/applications",
        "id": "event-1",
        "digest": sha256(b"kr.ieum.company.selected.v2\ndata").digest(),
    }


async def test_delivered_event_is_handled_and_others_are_not(database: Database) -> None:
    await deliver(database, an_envelope())

    async with database.transaction() as transaction:
        assert await inbox.is_handled(transaction, an_envelope())
        assert not await inbox.is_handled(transaction, an_envelope(id="event-2"))
        assert not await inbox.is_handled(transaction, an_envelope(source="/external/legacy"))


async def park(database: Database, *records: MemoryRecord, reason: str = "waits") -> None:
    """Park the records in transactions of their own, one after the other."""
    for record in records:
        async with database.transaction() as transaction:
            await parking.park(transaction, record, reason)


async def take(database: Database, key: bytes | None = b"case-1", topic: str = TOPIC) -> ParkedRecord | None:
    async with database.transaction() as transaction:
        return await parking.take_head(transaction, topic, key)


async def test_parked_record_is_taken_once_with_its_original_bytes(database: Database) -> None:
    record = a_record()
    await park(database, record)

    taken = await take(database)

    assert taken is not None
    assert 0 < taken.waited_seconds < 60
    assert (taken.topic, taken.partition, taken.offset) == (record.topic, record.partition, record.offset)
    assert (taken.key, taken.value, taken.headers) == (record.key, record.value, record.headers)
    assert await take(database) is None


async def test_parked_records_of_a_key_are_taken_in_the_order_of_their_offsets(database: Database) -> None:
    await park(database, a_record(offset=18), a_record(offset=17), a_record(offset=16, key=b"case-2"))

    taken = [await take(database), await take(database), await take(database)]

    assert [record and record.offset for record in taken] == [17, 18, None]


async def test_taking_a_record_leaves_those_of_other_topics_keys_and_partitions(database: Database) -> None:
    others = [a_record(topic="ieum.external.legacy"), a_record(partition=4, key=None), a_record(offset=18)]
    await park(database, a_record(), *others)

    await take(database)

    left = await rows(database, 'select topic, partition, "offset" from parked')
    assert sorted(tuple(row.values()) for row in left) == sorted(
        (record.topic, record.partition, record.offset) for record in others
    )


async def test_record_without_a_key_is_parked_by_its_missing_key(database: Database) -> None:
    await park(database, a_record(key=None))

    taken = await take(database, key=None)

    assert taken is not None
    assert taken.key is None


async def test_record_has_a_predecessor_where_one_of_its_topic_and_key_is_parked(database: Database) -> None:
    await park(database, a_record())

    async with database.transaction() as transaction:
        assert await parking.has_predecessor(transaction, a_record(offset=18))
        assert not await parking.has_predecessor(transaction, a_record(offset=18, key=b"case-2"))
        assert not await parking.has_predecessor(transaction, a_record(offset=18, topic="ieum.funding"))


async def test_record_that_is_parked_again_stays_as_it_is(database: Database) -> None:
    await park(database, a_record(), reason="waits")
    await park(database, a_record(), reason="waits again")

    assert await rows(database, "select reason from parked") == [{"reason": "waits"}]


async def test_keys_of_parked_records_are_those_that_wait_longest_first(database: Database) -> None:
    await park(database, a_record(key=b"case-2"), a_record(offset=18), a_record(offset=19, key=None))

    async with database.transaction() as transaction:
        assert await parking.parked_keys(transaction) == [
            (TOPIC, b"case-2"),
            (TOPIC, b"case-1"),
            (TOPIC, None),
        ]


async def test_number_and_age_of_parked_records(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await parking.count_and_oldest_age(transaction) == (0, 0.0)
    await park(database, a_record(), a_record(offset=18))

    async with database.transaction() as transaction:
        count, seconds = await parking.count_and_oldest_age(transaction)
    assert count == 2
    assert 0 < seconds < 60


BROKEN_RULE = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")


async def dead_letter(
    database: Database, record: MemoryRecord, error: Exception = BROKEN_RULE, consumer: str = "consumer"
) -> bool:
    async with database.transaction() as transaction:
        return await dead_letters.dead_letter(transaction, FundingRecordDeadLettered, consumer, record, error)


async def test_dead_letter_has_the_original_bytes_and_the_reason(database: Database) -> None:
    record = a_record()

    assert await dead_letter(database, record)

    [stored] = await rows(database, "select * from dead_letter")
    assert stored.pop("dead_lettered_at")
    assert stored == {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "consumer": "consumer",
        "key": record.key,
        "value": record.value,
        "headers": [["ce_id", b"event-1".hex()], ["ce_id", "ff00"], ["empty", None]],
        "rule": "no_money",
        "reason": "예산이 없습니다. / There is no budget.",
    }


async def test_event_of_a_dead_letter_has_its_position_and_the_broken_rule(database: Database) -> None:
    await dead_letter(database, a_record())

    [event] = await rows(database, "select topic, subject, type, data from event_log")
    assert (event["topic"], event["subject"]) == ("ieum.funding", f"{TOPIC}/3/17")
    assert event["type"] == "kr.ieum.record.dead_lettered.v1"
    assert orjson.loads(event["data"]) == {
        "occurred_on": today().isoformat(),
        "consumer": "consumer",
        "topic_name": TOPIC,
        "partition": 3,
        "offset": 17,
        "reason": "no_money",
    }


async def test_record_is_dead_lettered_once_by_each_consumer(database: Database) -> None:
    assert await dead_letter(database, a_record())
    assert not await dead_letter(database, a_record())
    assert await dead_letter(database, a_record(), consumer="projector")

    assert len(await rows(database, "select 1 from event_log")) == 2


async def test_dead_letters_are_counted_by_service_topic_and_rule(database: Database) -> None:
    labels = {"topic": TOPIC, "reason": "no_money"}
    before = sample("ieum_dead_letters_total", **labels)

    await dead_letter(database, a_record())

    assert sample("ieum_dead_letters_total", **labels) == before + 1


async def test_zero_bytes_which_postgresql_cannot_store_are_left_out_of_the_reason(
    database: Database,
) -> None:
    await dead_letter(database, a_record(), Malformed("a\0b X\0X"))

    assert await rows(database, "select reason from dead_letter") == [{"reason": "ab XX"}]


def schema_error() -> ValidationError:
    try:
        LegacyCaseRecorded.model_validate({"record_id": "old-1"})
    except ValidationError as error:
        return error
    raise AssertionError("a field is missing")


@pytest.mark.parametrize(
    ("error", "rule", "reason"),
    [
        (BROKEN_RULE, "no_money", "예산이 없습니다. / There is no budget."),
        (schema_error(), "schema", "occurred_on: Field required"),
        (Malformed("본문이 없습니다 / no body"), "malformed", "본문이 없습니다 / no body"),
        (KeyError("amount"), "failed", "KeyError: 'amount'"),
    ],
    ids=["rule", "schema", "malformed", "other"],
)
def test_reason_of_a_dead_letter_names_what_is_wrong(
    error: BusinessError | Exception, rule: str, reason: str
) -> None:
    found = dead_letters.reason_of(error)

    assert found[0] == rule
    assert reason in found[1]


async def test_number_of_dead_letters_and_age_of_the_newest(database: Database) -> None:
    async with database.transaction() as transaction:
        count, seconds = await dead_letters.count_and_newest_age(transaction)
    assert count == 0
    assert math.isnan(seconds)
    await dead_letter(database, a_record())

    async with database.transaction() as transaction:
        count, seconds = await dead_letters.count_and_newest_age(transaction)
    assert count == 1
    assert 0 < seconds < 60
