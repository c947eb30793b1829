"""Projector: each event is folded once in effect, through second deliveries, gaps, fencing and rollbacks."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Connection
from shared.events import Event
from shared.events.monitoring import MonitoringRecordDeadLettered
from shared.messaging.kafka import Record, create_broker
from shared.projections.batch import BatchFolder
from shared.projections.projection import RowCollector
from shared.projections.projector import Projector, RecordsByPartition
from tests.builders import a_selection, kafka_record
from tests.databases import Databases, admin, app_url
from tests.integration import probe_projections
from tests.integration.case_histories import SERVICE, case_history, send_histories, wait_for_count
from tests.integration.readings import rows
from tests.memory import MemoryRecord
from tests.system import KafkaSystem, MemorySystem

connected_only = pytest.mark.connected


@pytest.fixture
async def system(tables: None, databases: Databases, settings: Settings) -> AsyncIterator[MemorySystem]:
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        yield system


async def test_event_delivered_twice_is_folded_once(system: MemorySystem) -> None:
    for number, event in case_history():
        record = kafka_record(event, number)
        for _ in range(3):
            await system.send(**record)
    await system.run_until_quiescent()

    [case] = await system.rows("monitoring", "probe_case")
    assert (case["rank"], case["agreed_krw"], case["booked"]) == (3, 100, 1)
    assert {row["funder"]: row["amount_krw"] for row in await system.rows("monitoring", "probe_rollup")} == {
        "province": 40,
        "city": 40,
        "self": 20,
    }
    assert await system.count("monitoring", "probe_line") == 3


async def test_any_interleaving_of_the_topics_gives_the_same_rows(system: MemorySystem) -> None:
    histories = [case_history() for _ in range(10)]
    records = [kafka_record(event, number) for history in histories for number, event in history]
    by_topic = {topic: [r for r in records if r["topic"] == topic] for topic in {r["topic"] for r in records}}
    results = []
    for seed in range(5):
        queues, chance = [list(queue) for queue in by_topic.values()], random.Random(seed)
        await restart_empty(system)
        while queues := [queue for queue in queues if queue]:
            await system.send(**chance.choice(queues).pop(0))
            if chance.random() < 0.3:
                await system.run_until_quiescent()
        await system.run_until_quiescent()
        results.append(await system.rows("monitoring", "probe_case"))

    assert all(rows == results[0] for rows in results)
    assert len(results[0]) == 10


async def test_number_that_arrives_after_a_gap_is_folded(system: MemorySystem) -> None:
    [(_, selected), (_, agreed), _] = case_history()

    await system.send(**kafka_record(agreed, 2))
    await system.run_until_quiescent()
    await system.restart()
    await system.send(**kafka_record(selected, 1))
    await system.send(**kafka_record(agreed, 2))
    await system.run_until_quiescent()

    [case] = await system.rows("monitoring", "probe_case")
    [watermark] = await system.rows("monitoring", "projection_watermark")
    assert (case["rank"], case["agreed_krw"]) == (3, 100)
    assert (watermark["contiguous"], watermark["beyond_gap"]) == (2, [])
    assert await system.count("monitoring", "probe_line") == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"value": b"{"},
        {"value": None},
        {"headers": [("ce_type", b"kr.ieum.company.selected.v2")]},
        {"value": b'{"occurred_on": "2024-07-01"}'},
        {"value": b'{"occurred_on": "tomorrow", "case_id": "x", "rank": 1}'},
    ],
    ids=["no json", "no body", "no envelope", "missing fields", "refused by the database"],
)
async def test_record_that_cannot_be_folded_is_dead_lettered_and_the_fold_goes_on(
    system: MemorySystem, broken: dict[str, Any]
) -> None:
    await system.send(**kafka_record(a_selection()) | broken)
    for number, event in case_history():
        await system.send(**kafka_record(event, number))

    await system.run_until_quiescent()

    [dead_letter] = await system.rows("monitoring", "dead_letter")
    assert (dead_letter["consumer"], dead_letter["offset"]) == ("projector", 0)
    [case] = await system.rows("monitoring", "probe_case")
    assert case["agreed_krw"] == 100


async def test_unknown_version_or_another_source_is_dead_lettered(system: MemorySystem) -> None:
    await system.send(**kafka_record(a_selection(), type="kr.ieum.company.selected.v3"))
    await system.send(**kafka_record(a_selection(), source="/services/funding"))

    await system.run_until_quiescent()

    assert await system.count("monitoring", "dead_letter") == 2
    assert await system.count("monitoring", "probe_case") == 0


async def test_fenced_projector_rolls_back_and_goes_on_at_the_stored_offsets(system: MemorySystem) -> None:
    [(_, selected), (_, agreed), _] = case_history()
    connection = await admin()
    await connection.execute(
        "update monitoring.projection_offset set next = 1 where topic = 'ieum.applications'"
    )
    await connection.close()

    await system.send(**kafka_record(selected, 1))
    await system.send(**kafka_record(agreed, 2))
    await system.run_until_quiescent()

    [case] = await system.rows("monitoring", "probe_case")
    assert (case["rank"], case["agreed_krw"]) == (None, 100)


async def test_offsets_are_still_reported_to_the_lag_monitor_while_they_are_loaded_again(
    system: MemorySystem,
) -> None:
    """Kafka's own position follows what was fetched: by it, a projector that hangs here would show no lag."""
    await system.send(**kafka_record(a_selection()))
    await system.run_until_quiescent()
    projector = system.projectors["monitoring"]
    [at] = [at for at in projector.offsets if at.topic == "ieum.applications"]

    projector.discard_state()

    assert projector.next_offset(at) == 1


async def test_two_topics_of_one_case_can_be_folded_concurrently(
    tables: None, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two instances own one partition each, and each writes the columns of its own topic."""
    (_, selected), (_, agreed), (_, booked) = case_history()
    database, save = databases["monitoring"], RowCollector.save

    async def slow_save(*arguments: Any) -> None:
        await asyncio.sleep(0.2)
        await save(*arguments)

    async def fold(number: int, event: Event) -> None:
        record = MemoryRecord(offset=0, **kafka_record(event, number))
        async with database.batch_transaction() as connection:
            await BatchFolder(probe_projections.PROJECTIONS, raise_error).apply(connection, [record])

    monkeypatch.setattr(RowCollector, "save", slow_save)
    await fold(1, selected)
    await asyncio.gather(fold(2, agreed), fold(1, booked))

    assert await rows(database, "select rank, agreed_krw, booked from probe_case") == [(3, 100, 1)]


async def raise_error(connection: Connection, record: Record, error: Exception) -> None:
    raise error


async def test_records_fetched_already_join_one_batch(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.projections.projector.FETCH_RECORDS", 1)
    fold_and_write, sizes = Projector.fold_and_write, list[int]()

    async def count_records(projector: Projector, batch: RecordsByPartition) -> None:
        sizes.append(sum(map(len, batch.values())))
        await fold_and_write(projector, batch)

    monkeypatch.setattr(Projector, "fold_and_write", count_records)
    histories = [case_history() for _ in range(3)]
    for number, event in [numbered for history in histories for numbered in history]:
        await system.send(**kafka_record(event, number))
    await system.kafka.deliver(1)
    await system.run_until_quiescent()

    cases = await system.rows("monitoring", "probe_case")
    assert [(row["rank"], row["agreed_krw"], row["booked"]) for row in cases] == [(3, 100, 1)] * 3
    assert sizes == [9]


async def test_reassignment_of_partitions_does_not_wait_for_a_client_that_waits_for_it(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    projector, reassigned = system.projectors["monitoring"], asyncio.Event()

    async def answer_after_the_reassignment(max_records: int) -> RecordsByPartition:
        revoking = asyncio.create_task(projector.on_partitions_revoked(set()))
        revoking.add_done_callback(lambda task: reassigned.set())
        await reassigned.wait()
        return {}

    monkeypatch.setattr("shared.projections.projector.FETCH_RECORDS", 1)
    monkeypatch.setattr(projector.subscriber.consumer, "getmany", answer_after_the_reassignment)
    await system.send(**kafka_record(a_selection()))

    async with asyncio.timeout(10):
        await system.kafka.deliver(1)
        await reassigned.wait()


async def test_records_fetched_before_an_error_of_the_client_are_folded(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(max_records: int) -> RecordsByPartition:
        raise KafkaError

    monkeypatch.setattr("shared.projections.projector.FETCH_RECORDS", 1)
    monkeypatch.setattr(system.projectors["monitoring"].subscriber.consumer, "getmany", refuse)
    await system.send(**kafka_record(a_selection()))

    await system.kafka.deliver(1)

    assert await system.count("monitoring", "probe_case") == 1


class FlakyDatabase(Database):
    """Database that fails a fifth of the projectors' transactions, just before their commit."""

    @asynccontextmanager
    async def batch_transaction(self, search_path: str | None = None) -> AsyncIterator[Connection]:
        async with super().batch_transaction(search_path) as connection:
            yield connection
            if random.random() < 0.2:
                raise ConnectionError


@connected_only
@pytest.mark.parametrize(
    "groups", [["one", "one"], ["one", "other"]], ids=["shared partitions", "both own all partitions"]
)
async def test_two_projectors_count_each_event_once(
    tables: None, databases: Databases, connected: Settings, topics_emptied: None, groups: list[str]
) -> None:
    small_batches = connected.model_copy(update={"projector_batch": 20})
    flaky = FlakyDatabase(app_url("monitoring"), "monitoring")
    system = KafkaSystem([SERVICE], databases, connected)
    first, second = create_broker(connected), create_broker(connected)
    for broker, group in zip([first, second], groups, strict=True):
        projector = Projector(
            flaky, probe_projections.PROJECTIONS, MonitoringRecordDeadLettered, small_batches
        )
        projector.subscribe(broker, group_id=f"probe-{uuid4()}-{group}", heartbeat_interval_ms=100)

    await first.start()
    await send_histories(connected, 60)
    await second.start()
    await send_histories(connected, 60)
    await first.stop()
    await wait_for_count(system, "probe_line", 360)
    await second.stop()
    await flaky.close()

    cases = await system.rows("monitoring", "probe_case")
    amounts = {row["funder"]: row["amount_krw"] for row in await system.rows("monitoring", "probe_rollup")}
    assert {(row["rank"], row["agreed_krw"], row["booked"]) for row in cases} == {(3, 100, 1)}
    assert amounts == {"province": 120 * 40, "city": 120 * 40, "self": 120 * 20}


async def restart_empty(system: MemorySystem) -> None:
    """Restart the system with empty tables and topics."""
    connection = await admin()
    await connection.execute("""truncate monitoring.probe_case, monitoring.probe_rollup, monitoring.probe_line,
                                monitoring.projection_offset, monitoring.projection_watermark""")
    await connection.close()
    system.kafka.logs.clear()
    system.kafka.committed.clear()
    await system.restart()
