"""Retry of parked records: in their order, until they are handled, dead-lettered or past their deadline."""

from collections.abc import Callable
from uuid import UUID

from shared.database.engine import Database
from shared.errors import Malformed, RuleBroken
from shared.messaging.dispatcher import Dispatcher
from tests.builders import a_selection, an_agreement
from tests.integration.probe import TOPIC, Probe, a_record, needing, raising
from tests.integration.readings import offsets, rows, sample
from tests.tracing import attributes_of, record_spans

CASE, OTHER_CASE = UUID(int=1), UUID(int=2)
LEGACY = "ieum.external.legacy"
BROKEN_RULE = RuleBroken("no_money", ko="예산이 없습니다.", en="There is no budget.")
NOT_AN_EVENT = Malformed("사건이 아닙니다 / not an event")


async def test_parked_records_are_handled_in_order_once_their_prerequisite_has_arrived(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    selected, agreed = a_selection(CASE), an_agreement(CASE)
    probe.prerequisite_met = needing(selected)
    for offset, event in enumerate([selected, agreed]):
        await dispatcher.handle(a_record(event, offset))
    probe.handled.clear()
    probe.prerequisite_met = needing()
    before = sample("ieum_records_total", topic=TOPIC, outcome="handled")

    await dispatcher.retry_parked()

    assert probe.handled == [selected, agreed]
    assert await offsets(database, "parked") == []
    assert sample("ieum_records_total", topic=TOPIC, outcome="handled") == before + 2


async def test_every_parked_key_is_retried(dispatcher: Dispatcher, database: Database, probe: Probe) -> None:
    first, second = a_selection(CASE), a_selection(OTHER_CASE)
    probe.prerequisite_met = needing(first, second)
    for offset, event in enumerate([first, second]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing(first)

    await dispatcher.retry_parked()

    assert await offsets(database, "parked") == [0]


async def test_process_parks_behind_records_that_an_earlier_one_has_parked(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = needing(selected := a_selection(CASE))
    await start().handle(a_record(selected))

    outcome = await start().handle(a_record(an_agreement(CASE), 1))

    assert outcome == "parked"


async def test_parked_record_that_another_process_holds_is_left_alone(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = needing(selected := a_selection(CASE))
    await start().handle(a_record(selected))
    probe.handled.clear()

    async with database.transaction() as transaction:
        await transaction.fetch("select 1 from parked for update")
        await start().retry_parked()

    assert probe.handled == []
    assert await offsets(database, "parked") == [0]


async def parked_pair(dispatcher: Dispatcher, probe: Probe) -> None:
    """Park a record of each of two keys, whose prerequisites arrive afterwards."""
    probe.prerequisite_met = lambda event: False
    for offset, event in enumerate([a_selection(CASE), a_selection(OTHER_CASE)]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = lambda event: True


async def test_parked_records_wait_through_an_outage_without_being_counted(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    await parked_pair(dispatcher, probe)
    probe.after_writes = raising(ConnectionError("away"))

    for _ in range(5):
        await dispatcher.retry_parked()

    assert await offsets(database, "parked") == [0, 1]
    assert await rows(database, "select 1 from attempt") == []


async def test_retried_record_has_a_span_with_its_position(dispatcher: Dispatcher, probe: Probe) -> None:
    await parked_pair(dispatcher, probe)

    with record_spans() as spans:
        await dispatcher.retry_parked()

    assert [attributes_of(span)["messaging.kafka.offset"] for span in spans.spans] == [0, 1]


async def test_parked_record_that_keeps_failing_is_dead_lettered_after_as_many_attempts_as_any_other(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    await parked_pair(dispatcher, probe)
    probe.after_writes = raising(ValueError("always"))

    await dispatcher.retry_parked()
    await dispatcher.retry_parked()
    assert await offsets(database, "parked") == [0, 1]
    attempts = await rows(database, 'select consumer, "offset", count from attempt order by 2')
    assert attempts == [("consumer", 0, 2), ("consumer", 1, 2)]

    await dispatcher.retry_parked()
    assert await offsets(database, "dead_letter") == [0, 1]
    assert await rows(database, "select 1 from attempt") == []


async def test_parked_record_that_breaks_a_rule_is_dead_lettered_at_once_and_its_follower_is_handled(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    selected, agreed = a_selection(CASE), an_agreement(CASE)
    probe.prerequisite_met = needing(selected)
    for offset, event in enumerate([selected, agreed]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing()
    probe.after_writes = lambda event: raising(BROKEN_RULE)(event) if event == selected else None
    before = sample("ieum_records_total", topic=TOPIC, outcome="dead")

    await dispatcher.retry_parked()

    assert await rows(database, 'select "offset", consumer, rule from dead_letter') == [
        (0, "consumer", "no_money")
    ]
    assert probe.handled[-1] == agreed
    assert await offsets(database, "parked") == []
    assert sample("ieum_records_total", topic=TOPIC, outcome="dead") == before + 1


async def test_record_parked_past_its_deadline_is_dead_lettered_with_its_followers(
    start: Callable[..., Dispatcher], database: Database, probe: Probe
) -> None:
    dispatcher = start(parking_seconds=0.0)
    other = a_selection(OTHER_CASE)
    probe.prerequisite_met = needing(selected := a_selection(CASE), other)
    for offset, event in enumerate([selected, an_agreement(CASE), other]):
        await dispatcher.handle(a_record(event, offset))
    probe.prerequisite_met = needing(selected)

    await dispatcher.retry_parked()

    assert await offsets(database, "dead_letter") == [0, 1]
    assert probe.handled[-1] == other
    assert await offsets(database, "parked") == []


async def test_record_parked_within_its_deadline_stays_parked(
    dispatcher: Dispatcher, database: Database, probe: Probe
) -> None:
    probe.prerequisite_met = lambda event: False
    await dispatcher.handle(a_record(a_selection()))

    await dispatcher.retry_parked()

    assert await offsets(database, "parked") == [0]
    assert await rows(database, "select 1 from attempt") == []
