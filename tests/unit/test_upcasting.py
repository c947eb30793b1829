"""Upcasters: what an earlier version says as a fact is in the newest one, what it says only in prose is absent."""

import re
from typing import Any, ClassVar

import orjson
import pytest
from pydantic import ValidationError

from services.monitoring.projections.catalogue import PROJECTIONS
from shared.database.transaction import Connection
from shared.errors import Malformed
from shared.events import Event, catalogue, earlier
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected
from shared.events.notifications import MessageFailed, MessageUnknown
from shared.events.upcasting import UPCASTERS, Upcaster, upcasters_to
from shared.messaging.kafka import Record
from shared.messaging.subscriptions import Subscriptions, without_version
from shared.projections.batch import BatchFolder
from tests.builders import a_failed_message, a_selection, old_kafka_record
from tests.integration import old_log
from tests.memory import MemoryRecord

CASE = {
    "case_id": "01a22ded-905d-7315-8bee-94e19d98dfe4",
    "programme_id": "jeonbuk",
    "occurred_on": "2024-05-20",
}
ROUND = {"round_id": "jeonbuk-2024", "year": 2024, "track": "JS2"}
RANKED = {"rank": 43, "score": "250/3"}
MESSAGE = {"message_id": "01a22ded-6341-73fb-b26f-83b1aa0f0845", "template": "selected", "channel": "sms"}
PROSE = {"reason": "JS2 트랙 91개 과제 중 43위(심사 3건, 평균 53.00점). 선정 20곳이 차서 예비 23번입니다."}
OLD: list[tuple[type[Event], dict[str, Any]]] = [
    (CompanySelected, CASE | ROUND | RANKED | {"via": "ranking"}),
    (CompanySelected, CASE | ROUND | {"via": "ministry"}),
    (CompanyReserved, CASE | ROUND | RANKED),
    (CompanyRejected, CASE | ROUND),
    (MessageFailed, CASE | MESSAGE),
    (MessageUnknown, CASE | MESSAGE),
]


@pytest.mark.parametrize(("event", "facts"), OLD)
def test_facts_of_version_1_remain_and_its_prose_is_absent(event: type[Event], facts: dict[str, Any]) -> None:
    subscriptions = Subscriptions([event])

    read = subscriptions.parse(f"{without_version(event.type())}.v1", orjson.dumps(facts | PROSE))

    assert read == event.model_validate(facts)
    assert "트랙 91개" not in read.model_dump_json()


def test_newest_version_is_read_as_it_is() -> None:
    event = a_selection()

    assert Subscriptions([CompanySelected]).parse(event.type(), event.model_dump_json().encode()) == event


def test_record_that_breaks_the_schema_of_its_own_version_is_refused() -> None:
    without_reason = orjson.dumps(CASE | ROUND | {"via": "ministry"})

    with pytest.raises(ValidationError, match="reason"):
        Subscriptions([CompanySelected]).parse("kr.ieum.company.selected.v1", without_reason)


def test_number_without_a_value_in_an_ignored_field_is_read() -> None:
    data = orjson.dumps(CASE | ROUND | PROSE | {"via": "ministry"})[:-1] + b', "weight": 1e999, "mean": NaN}'

    assert Subscriptions([CompanySelected]).parse("kr.ieum.company.selected.v1", data)


async def no_dead_letters(connection: Connection, record: Record, error: Exception) -> None:
    raise error


@pytest.mark.parametrize("validating", [False, True])
def test_projection_folds_an_event_of_version_1_as_the_newest(validating: bool) -> None:
    folder = BatchFolder(PROJECTIONS, no_dead_letters)
    folder.validating = validating
    records = [
        MemoryRecord(offset=0, **old_kafka_record(event)) for event in (a_selection(), a_failed_message())
    ]

    selected, failed = (folder.decode(record) for record in records)

    assert selected is not None
    assert failed is not None
    assert (selected.type, failed.type) == ("kr.ieum.company.selected.v2", "kr.ieum.message.failed.v2")
    assert (selected.data["via"], selected.data["rank"]) == ("ranking", 1)
    assert "reason" not in selected.data | failed.data


def test_no_sentence_that_was_composed_is_left_of_an_old_log() -> None:
    folder, composed = (
        BatchFolder(PROJECTIONS, no_dead_letters),
        re.compile("개 과제 중|중앙부처가|순위를 매기지"),
    )
    records = [MemoryRecord(offset=0, **record) for record in old_log.records()]

    events = [event for record in records if (event := folder.decode(record))]

    assert sum(bool(composed.search((record.value or b"").decode())) for record in records) > 100
    assert [event.id for event in events if composed.search(str(event.data))] == []
    assert {event.type for event in events} <= {event.type() for event in catalogue.events()}


class First(CompanySelected):
    name: ClassVar[str] = "vote.counted.v1"


class Second(CompanySelected):
    name: ClassVar[str] = "vote.counted.v2"


class Third(CompanySelected):
    name: ClassVar[str] = "vote.counted.v3"


def test_upcasters_of_several_steps_are_joined() -> None:
    steps = (
        Upcaster(First, Second, lambda data: data | {"second": True}),
        Upcaster(Second, Third, lambda data: data | {"third": data["second"]}),
    )

    found = {upcaster.earlier: upcaster for upcaster in upcasters_to(Third, steps)}

    assert found.keys() == {First, Second}
    assert {upcaster.newer for upcaster in found.values()} == {Third}
    assert found[First].upcast({"first": True}) == {"first": True, "second": True, "third": True}


@pytest.mark.parametrize("step", UPCASTERS, ids=lambda step: step.earlier.name)
def test_step_leads_to_the_next_version_of_the_same_event_of_the_same_publisher(step: Upcaster) -> None:
    versions = [int(event.name.rpartition(".v")[2]) for event in (step.earlier, step.newer)]

    assert without_version(step.earlier.type()) == without_version(step.newer.type())
    assert versions[1] == versions[0] + 1
    assert (step.earlier.topic, step.earlier.source) == (step.newer.topic, step.newer.source)
    assert step.newer.source.startswith("/services/")


def test_every_earlier_version_has_an_upcaster_and_is_published_no_more() -> None:
    classes = {value for value in vars(earlier).values() if catalogue.is_event(value)}

    assert classes == {step.earlier for step in UPCASTERS} == set(catalogue.earlier_events())
    assert classes.isdisjoint(catalogue.events())


def test_version_above_ours_is_refused() -> None:
    with pytest.raises(Malformed, match=r"company\.selected\.v2"):
        Subscriptions([CompanySelected]).event_type("kr.ieum.company.selected.v3")
