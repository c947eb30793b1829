"""Damages on the topics of a real run: Kafka forgets nothing, so what is new since before counts."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import pytest

from shared.config import Settings
from shared.events.monitoring import MentorVisited
from shared.messaging.kafka import create_producer
from tests.builders import kafka_record
from tests.databases import Databases
from tests.e2e.installation import red, verdicts
from tests.e2e.small_story import PROGRAMME, SERVICES, Town, a_past_case
from tools.audit.target import Target

pytestmark = pytest.mark.connected


async def test_a_record_that_nobody_has_read_is_told(target: Target) -> None:
    """The services stand still; of a type that nobody hears, so that it is read past as soon as they run."""
    async with create_producer(Settings(kafka_bootstrap=target.kafka)) as sender:
        record = kafka_record(a_past_case(), None, type="kr.ieum.legacy.something_else.v1")
        await sender.send_and_wait(**record)

    found = await red(target)

    assert set(found) == {"I11"}, found
    assert "applications: ieum.external.legacy/" in found["I11"][0]


@dataclass
class Running:
    town: Town
    target: Target
    before: Counter[tuple[str, str]]

    async def violations(self) -> Counter[tuple[str, str]]:
        found = await verdicts(self.target, grace_seconds=10)
        return Counter((id, line) for id, one in found.items() for line in one.finding.violations)

    async def new(self) -> set[str]:
        await self.town.settle()
        now = await self.violations()
        self.before, fresh = now, now - self.before
        return {id for id, _ in fresh}


@pytest.fixture(scope="module")
async def running(target: Target, migrated: Databases, patient: Settings) -> AsyncIterator[Running]:
    async with Town(SERVICES, migrated, patient) as town:
        await town.start()
        await town.settle()
        running = Running(town, target, Counter())
        running.before = await running.violations()
        yield running


def a_visit() -> MentorVisited:
    said = {"programme_id": PROGRAMME, "mentor_id": "mentor-9", "work": "없던 방문"}
    return MentorVisited(case_id=uuid4(), occurred_on=date(2024, 8, 1), **said)


async def say_what_nobody_said(running: Running) -> None:
    await running.town.send(**kafka_record(a_visit(), 1))


async def say_something_else_under_a_known_id(running: Running) -> None:
    records = await running.town.log("ieum.applications")
    record = next(one for one in records if b'"occurred_on":"2024' in one.value)
    changed = record.value.replace(b'"occurred_on":"2024', b'"occurred_on":"2023')
    await running.town.send(record.topic, changed, key=record.key, headers=list(record.headers))


async def leave_a_number_out(running: Running) -> None:
    await publish(running, a_visit(), 2)


async def tell_the_second_first(running: Running) -> None:
    visit = a_visit()
    await publish(running, visit, 2)
    await running.town.settle()
    await publish(running, visit, 1)


async def publish(running: Running, event: MentorVisited, number: int) -> None:
    """Past the stream's row that gives the numbers; the relay does the rest."""
    named = {name[3:]: text.decode() for name, text in kafka_record(event, None)["headers"] if name[:3] == "ce_"}
    row = (named["id"], event.topic, event.subject, number, event.type(), event.occurred_on)
    async with running.town.databases["monitoring"].asyncpg_transaction() as connection:
        await connection.execute(PUBLISH, *row, json.dumps(named), event.model_dump_json(exclude_none=True))


PUBLISH = """
    with logged as (
        insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
        values ($1, $2, $3, $4, $5, $6, $7::text::json, $8) returning position
    )
    insert into outbox (position, shard) select position, 3 from logged
"""


async def commit_twice_for_one_agreement(running: Running) -> None:
    async with running.town.databases["funding"].asyncpg_transaction() as connection:
        await connection.execute(AGAIN)


AGAIN = """
    with chosen as (select * from event_log where type like '%funds.committed%' order by position limit 1),
    numbered as (
        update stream set last = last + 1 from chosen where stream.subject = chosen.subject returning last
    ), named as (select gen_random_uuid() as id),
    logged as (
        insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
        select named.id, topic, subject, last, type, occurred_on,
               (attributes::jsonb || jsonb_build_object('id', named.id::text))::json, data
        from chosen, numbered, named returning position
    )
    insert into outbox (position, shard) select position, 3 from logged
"""


async def name_an_address_on_a_topic(running: Running) -> None:
    [phone] = {row["phone"] for row in (await running.town.rows("notifications", "recipient"))[:1]}
    await running.town.send(**kafka_record(a_past_case(company_name_ko=f"기업 ({phone})"), None))


TOPIC_DAMAGES: list[tuple[Callable[[Running], Awaitable[None]], set[str]]] = [
    (say_what_nobody_said, {"I5"}),
    (say_something_else_under_a_known_id, {"I5"}),
    (leave_a_number_out, {"I6"}),
    (tell_the_second_first, {"I6"}),
    (commit_twice_for_one_agreement, {"I7", "I8"}),
    (name_an_address_on_a_topic, {"I12"}),
]


@pytest.mark.parametrize(("act", "expected"), TOPIC_DAMAGES, ids=lambda it: getattr(it, "__name__", "red"))
async def test_a_damage_on_a_topic_turns_exactly_its_invariants_red(
    running: Running, act: Callable[[Running], Awaitable[None]], expected: set[str]
) -> None:
    await act(running)

    assert await running.new() == expected
