"""Mutations on the topics: Kafka never forgets, so what is new since before counts."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from shared.config import Settings
from shared.events.monitoring import MentorVisited
from shared.messaging.kafka import create_producer
from tests.builders import kafka_record
from tests.databases import Databases
from tests.e2e.installation import AUDIT, Installation
from tests.e2e.small_scenario import PROGRAMME, SERVICES, ServicesOnKafka, a_past_case

pytestmark = pytest.mark.connected


async def test_a_record_that_no_group_has_read_is_reported(installation: Installation) -> None:
    """While the services stand still, a record of an unknown type makes its group lag."""
    async with create_producer(Settings(kafka_bootstrap=installation.target.kafka)) as producer:
        record = kafka_record(a_past_case(), None, type="kr.ieum.legacy.something_else.v1")
        await producer.send_and_wait(**record)

    violated = await installation.violated()

    assert set(violated) == {"I11"}, violated
    assert "applications: ieum.external.legacy/" in violated["I11"][0]


@dataclass
class Running:
    """The installation with its services running again, and the violations so far."""

    system: ServicesOnKafka
    installation: Installation
    before: Counter[tuple[str, str]]

    async def violations(self) -> Counter[tuple[str, str]]:
        verdicts = await self.installation.verdicts(grace_seconds=10)
        return Counter(
            (id, line)
            for id, verdict in verdicts.items()
            if id in AUDIT
            for line in verdict.finding.violations
        )

    async def newly_violated(self) -> set[str]:
        await self.system.run_until_quiescent()
        now = await self.violations()
        self.before, new = now, now - self.before
        return {id for id, _ in new}


@pytest.fixture(scope="module")
async def running(
    installation: Installation, migrated: Databases, patient: Settings
) -> AsyncIterator[Running]:
    async with ServicesOnKafka(SERVICES, migrated, patient) as system:
        await system.start()
        await system.run_until_quiescent()
        running = Running(system, installation, Counter())
        running.before = await running.violations()
        yield running


def a_visit(**changes: Any) -> MentorVisited:
    body = {"programme_id": PROGRAMME, "mentor_id": "mentor-9", "work": "없던 방문", "case_id": uuid4()}
    return MentorVisited(occurred_on=date(2024, 8, 1), **body | changes)


async def publish_an_event_that_no_service_logged(running: Running) -> None:
    await running.system.send(**kafka_record(a_visit(), 1))


async def publish_other_content_under_a_known_id(running: Running) -> None:
    records = await running.system.log("ieum.applications")
    record = next(one for one in records if b'"occurred_on":"2024' in one.value)
    changed = record.value.replace(b'"occurred_on":"2024', b'"occurred_on":"2023')
    await running.system.send(record.topic, changed, key=record.key, headers=list(record.headers))


async def publish_the_second_event_of_a_subject_first(running: Running) -> None:
    visit = a_visit()
    await running.system.send(**kafka_record(visit, 2))
    await running.system.run_until_quiescent()
    await running.system.send(**kafka_record(visit, 1))


async def commit_twice_for_one_agreement(running: Running) -> None:
    async with running.system.databases["funding"].transaction() as transaction:
        await transaction.fetch(AGAIN)


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
    [recipient] = (await running.system.rows("notifications", "recipient"))[:1]
    await running.system.send(
        **kafka_record(a_past_case(company_name_ko=f"기업 ({recipient['phone']})"), None)
    )


TOPIC_MUTATIONS: list[tuple[Callable[[Running], Awaitable[None]], set[str]]] = [
    (publish_an_event_that_no_service_logged, {"I5", "I8"}),
    (publish_other_content_under_a_known_id, {"I5"}),
    (publish_the_second_event_of_a_subject_first, {"I5", "I6", "I8"}),
    (commit_twice_for_one_agreement, {"I1", "I7", "I8"}),
    (name_an_address_on_a_topic, {"I12"}),
]


@pytest.mark.parametrize(
    ("act", "violated"), TOPIC_MUTATIONS, ids=lambda it: getattr(it, "__name__", "violated")
)
async def test_a_mutation_on_a_topic_violates_exactly_its_invariants(
    running: Running, act: Callable[[Running], Awaitable[None]], violated: set[str]
) -> None:
    await act(running)

    assert await running.newly_violated() == violated
