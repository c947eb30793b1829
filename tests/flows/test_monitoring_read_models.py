"""Following up on cases and definitions that only the read models keep: waiting for the projector, switches, locks."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.monitoring.cases import queries as cases
from services.monitoring.main import SERVICE
from services.monitoring.mentors import commands as mentors
from shared.config import Settings
from shared.errors import PrerequisiteMissing
from shared.events import Event
from shared.projections.projection import tables_of
from tests.builders import kafka_record
from tests.databases import Databases, admin, reset_generations, until_blocked
from tests.flows.monitoring_api import Monitoring
from tests.flows.web import Json
from tests.system import MemorySystem
from tests.unit.monitoring_builders import (
    PROGRAMME,
    a_definition,
    abandoned,
    agreed,
    an_id,
    applied,
    on,
    published,
    recorded,
    selected,
)
from tests.unit.monitoring_folds import decode_events, project_events

CASE = an_id("case A")
PUBLISHED, APPLIED, AGREED = published(), applied("A"), agreed("A", "2024-07-15")
NEXT_GENERATION = "monitoring_g1, monitoring"
SWITCH = f"""
    update monitoring.live_projection set generation = 1, version = 1, search_path = '{NEXT_GENERATION}'
"""


@pytest.fixture
async def monitoring(databases: Databases, settings: Settings, tmp_path: Path) -> Monitoring:
    """The service, which has received nothing yet."""
    return Monitoring(databases["monitoring"], settings, tmp_path)


@pytest.fixture
async def system(databases: Databases, settings: Settings) -> AsyncIterator[MemorySystem]:
    """The service's consumer, before its projector in each round of deliveries."""
    async with MemorySystem([SERVICE], databases, settings) as system:
        await system.start()
        yield system


@pytest.fixture
async def next_generation(databases: Databases) -> AsyncIterator[None]:
    """Empty tables of generation 1, as a rebuild creates them, beside the live generation 0."""
    names = [table.table for table in tables_of(SERVICE.projections)] + ["projection_offset"]
    tables = [f"create table monitoring_g1.{name} (like monitoring.{name} including all)" for name in names]
    rights = "grant select, insert, update, delete on all tables in schema monitoring_g1 to ieum_monitoring"
    await reset_generations()
    await execute(
        "create schema monitoring_g1",
        *tables,
        "grant usage on schema monitoring_g1 to ieum_monitoring",
        rights,
    )
    yield
    await reset_generations()


async def execute(*statements: str) -> None:
    connection = await admin()
    try:
        await connection.execute("; ".join(statements))
    finally:
        await connection.close()


def evidence(day: str) -> Json:
    return {"evidence": "문서-1", "occurred_on": day}


async def send(system: MemorySystem, *events: tuple[Event, int]) -> None:
    for event, number in events:
        await system.send(**kafka_record(event, number))


async def scheduled(databases: Databases, settings: Settings, folder: Path) -> list[str]:
    service = Monitoring(databases["monitoring"], settings, folder)
    return [event["milestone"] for event in await service.emitted("milestone.scheduled")]


async def test_an_agreement_ahead_of_the_projector_is_parked_and_handled_once_its_case_is_folded(
    system: MemorySystem, databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    """시나리오: 협약이 현황보다 먼저 닿으면 기다렸다가 이정표를 세운다.

    먼저 사업 공고와 신청이 아직 현황에 반영되지 않았다. 만일 협약 사건이 닿으면 대기한다.
    그러면 현황이 따라온 뒤 이정표가 한 번 세워지고 대기하는 사건이 없다.
    """
    await send(system, (AGREED, 2))
    await system.run_until_quiescent()
    [waiting] = await system.rows("monitoring", "parked")
    before = await scheduled(databases, settings, tmp_path)

    await send(system, (PUBLISHED, 1), (APPLIED, 1))
    await system.run_until_quiescent()

    assert waiting["reason"].startswith("case_not_known_yet: ")
    assert before == []
    assert await scheduled(databases, settings, tmp_path) == ["kickoff", "completion"]
    assert await system.rows("monitoring", "parked") == []


async def test_an_agreement_waits_for_its_version_of_the_definition(monitoring: Monitoring) -> None:
    """시나리오: 협약은 제 공고의 사업 정의 판을 기다리고, 뒤에 나온 판을 쓰지 않는다."""
    later = [{"key": "final", "name_ko": "최종", "name_en": "Final", "after_days": 10, "completes": True}]
    newer = published("2024-06-01", 2, milestones=later, tranches=[])
    await monitoring.fold([APPLIED, newer])

    with pytest.raises(PrerequisiteMissing, match=r"^programme_not_known_yet: 1판 "):
        await monitoring.handle([AGREED])
    await monitoring.deliver([PUBLISHED])
    await monitoring.handle([AGREED])

    due = [(event["milestone"], event["due_on"]) for event in await monitoring.emitted("milestone.scheduled")]
    assert due == [("kickoff", "2024-07-29"), ("completion", "2025-01-15")]


async def test_an_abandonment_waits_for_its_case(monitoring: Monitoring) -> None:
    """시나리오: 신청을 모르는 과제의 포기는 신청이 반영될 때까지 기다린다."""
    with pytest.raises(PrerequisiteMissing, match=r"^case_not_known_yet: "):
        await monitoring.handle([abandoned("A", "2024-08-01")])


async def test_a_parked_agreement_is_handled_from_the_generation_that_went_live_meanwhile(
    system: MemorySystem, next_generation: None, databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    """시나리오: 대기하는 동안 현황이 다음 세대로 바뀌면, 바뀐 세대의 과제와 사업 정의로 처리한다."""
    await send(system, (AGREED, 2))
    await system.run_until_quiescent()
    await project_events(
        databases["monitoring"], decode_events([PUBLISHED, APPLIED]), search_path=NEXT_GENERATION
    )
    await system.consumers["monitoring"].retry_parked()
    before = await scheduled(databases, settings, tmp_path)

    await execute(SWITCH)
    await system.consumers["monitoring"].retry_parked()

    assert before == []
    assert await scheduled(databases, settings, tmp_path) == ["kickoff", "completion"]
    assert await system.rows("monitoring", "parked") == []


async def test_a_command_neither_holds_up_a_switch_nor_reads_the_generation_before_it(
    monitoring: Monitoring, next_generation: None
) -> None:
    """시나리오: 처리 중인 명령이 있어도 세대가 바로 바뀌고, 그 명령은 다음 문장부터 새 세대를 읽는다."""
    await monitoring.fold([APPLIED])
    await project_events(
        monitoring.database, decode_events([APPLIED, selected("A")]), search_path=NEXT_GENERATION
    )

    async with monitoring.database.transaction() as transaction:
        before = await cases.load(transaction, CASE)
        await asyncio.wait_for(execute(SWITCH), 5)
        after = await cases.load(transaction, CASE)

    assert (before.selected_on, after.selected_on) == (None, on("2024-05-01"))


async def test_two_assignments_at_once_are_decided_one_after_the_other(monitoring: Monitoring) -> None:
    """시나리오: 두 담당자가 같은 멘토를 동시에 배정하면 한 번만 배정되고, 뒤의 사람은 이유를 듣는다."""
    await monitoring.deliver([PUBLISHED, APPLIED, selected("A")])
    body = {"mentor_id": "M-1", "weeks": 8, "occurred_on": "2024-09-01"}

    async with monitoring.database.transaction() as first:
        await mentors.assign(first, CASE, "M-1", 4, on("2024-09-01"))
        second = asyncio.create_task(monitoring.request("POST", f"/cases/{CASE}/mentors", body))
        await until_blocked(second)
    refused = await second

    assert (refused.status_code, refused.json()["rule"]) == (409, "mentor_assigned_before")
    assert [event["weeks"] for event in await monitoring.emitted("mentor.assigned")] == [4]


async def test_an_assignment_does_not_wait_for_another_cases(monitoring: Monitoring) -> None:
    """시나리오: 다른 과제의 배정은 서로 기다리지 않는다."""
    await monitoring.deliver([APPLIED, selected("A"), applied("B"), selected("B")])

    async with monitoring.database.transaction() as first:
        await mentors.assign(first, CASE, "M-1", 4, on("2024-09-01"))
        body = {"mentor_id": "M-1", "weeks": 8, "occurred_on": "2024-09-01"}
        await asyncio.wait_for(monitoring.post(f"/cases/{an_id('case B')}/mentors", body), 5)

    assert len(await monitoring.emitted("mentor.assigned")) == 2


async def test_two_visits_at_once_are_recorded_once(monitoring: Monitoring) -> None:
    """시나리오: 같은 날의 방문을 두 번 동시에 적으면 한 번만 남는다."""
    await monitoring.deliver([APPLIED, selected("A")])
    await monitoring.post(
        f"/cases/{CASE}/mentors", {"mentor_id": "M-1", "weeks": 8, "occurred_on": "2024-09-01"}
    )
    body = {"mentor_id": "M-1", "work": "공정 진단", "occurred_on": "2024-09-02"}

    both = await asyncio.gather(
        *(monitoring.request("POST", f"/cases/{CASE}/visits", body) for _ in range(2))
    )

    assert sorted(response.status_code for response in both) == [201, 409]
    assert len(await monitoring.emitted("mentor.visited")) == 1


async def test_an_agreement_that_is_folded_and_not_yet_handled_can_be_retried(monitoring: Monitoring) -> None:
    """시나리오: 현황이 앞서 협약을 알아도 이정표가 아직 없으면, 없는 이정표라 하지 않고 다시 보내라고 한다."""
    path = f"/cases/{CASE}/milestones/kickoff/achievement"
    await monitoring.fold([PUBLISHED, APPLIED, AGREED])
    early = await monitoring.request("POST", path, evidence("2024-07-20"))

    await monitoring.handle([AGREED])
    done = await monitoring.request("POST", path, evidence("2024-07-20"))

    assert (early.status_code, early.json()["rule"]) == (409, "agreement_not_known_yet")
    assert done.status_code == 200


async def test_an_abandoned_case_is_refused_however_far_the_projector_is(monitoring: Monitoring) -> None:
    """시나리오: 포기한 과제는 현황이 뒤따르는 동안에도 받지 않는다."""
    path = f"/cases/{CASE}/milestones/kickoff/achievement"
    relinquished = abandoned("A", "2024-08-01")
    await monitoring.deliver([PUBLISHED, APPLIED, AGREED])

    await monitoring.handle([relinquished])
    closed = await monitoring.request("POST", path, evidence("2024-08-02"))
    await monitoring.fold([relinquished])
    refused = await monitoring.request("POST", path, evidence("2024-08-02"))

    assert (closed.status_code, closed.json()["rule"]) == (409, "milestone_state")
    assert (refused.status_code, refused.json()["rule"]) == (409, "case_abandoned")


async def test_past_results_are_no_cases_to_follow_up(monitoring: Monitoring) -> None:
    """시나리오: 과거 실적에는 멘토를 배정하지 않는다."""
    await monitoring.deliver([recorded("A", (2020, 2020), "completed")])

    refused = await monitoring.request(
        "POST", f"/cases/{CASE}/mentors", {"mentor_id": "M-1", "weeks": 8, "occurred_on": "2024-09-01"}
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "case_not_known_yet")


async def test_progress_is_judged_by_the_definition_that_held_on_its_day(monitoring: Monitoring) -> None:
    """시나리오: 공약 이행도는 보고한 날에 시행 중이던 사업 정의로 판단한다."""
    pledge = a_definition().pledge
    assert pledge is not None
    other = pledge.model_copy(update={"id": "new-pledge"})
    await monitoring.deliver([PUBLISHED, published("2024-01-01", 2, pledge=other)])

    def body(day: str) -> Json:
        return {"programme_id": PROGRAMME, "percent": 30, "reported_by_ko": "투자유치과", "occurred_on": day}

    answers = {
        (pledge, day): await monitoring.request("POST", f"/pledges/{pledge}/progress", body(day))
        for pledge in ("strong-firms", "new-pledge")
        for day in ("2022-01-02", "2023-12-31", "2024-01-01")
    }

    assert {key: answer.json().get("rule") for key, answer in answers.items()} == {
        ("strong-firms", "2022-01-02"): "programme_not_known_yet",
        ("strong-firms", "2023-12-31"): None,
        ("strong-firms", "2024-01-01"): "pledge_of_another_programme",
        ("new-pledge", "2022-01-02"): "programme_not_known_yet",
        ("new-pledge", "2023-12-31"): "pledge_of_another_programme",
        ("new-pledge", "2024-01-01"): None,
    }
