"""Monitoring over HTTP and events, on real Postgres: milestones, deadlines, mentors, pledges."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from services.monitoring.milestones.commands import run_deadlines
from shared.config import Settings
from shared.errors import PrerequisiteMissing
from shared.events import Event
from tests.databases import Databases
from tests.flows.monitoring_api import Monitoring
from tests.unit.monitoring_builders import abandoned, agreed, an_id, applied, on, published, selected

CASE = an_id("case A")
HISTORY: list[Event] = [published(), applied("A"), selected("A"), agreed("A", "2024-07-15")]


@pytest.fixture
async def monitoring(databases: Databases, settings: Settings, tmp_path: Path) -> Monitoring:
    """A service with one case under agreement: kickoff due 2024-07-29, completion due 2025-01-15."""
    service = Monitoring(databases["monitoring"], settings, tmp_path)
    await service.deliver(HISTORY)
    return service


def evidence(day: str) -> dict[str, str]:
    return {"evidence": "문서-1", "occurred_on": day}


async def test_an_agreement_schedules_the_milestones_of_the_definition(monitoring: Monitoring) -> None:
    scheduled = await monitoring.emitted("milestone.scheduled")

    assert [(event["milestone"], event["due_on"], event["completes"]) for event in scheduled] == [
        ("kickoff", "2024-07-29", False),
        ("completion", "2025-01-15", True),
    ]


async def test_an_agreement_waits_for_its_programme(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    fresh = Monitoring(databases["monitoring"], settings, tmp_path)

    with pytest.raises(PrerequisiteMissing, match="programme_not_known_yet"):
        await fresh.deliver([applied("A"), selected("A"), agreed("A")])


async def test_an_achievement_is_recorded_once(monitoring: Monitoring) -> None:
    path = f"/cases/{CASE}/milestones/kickoff/achievement"

    done = await monitoring.post(path, evidence("2024-07-28"))
    again = await monitoring.request("POST", path, evidence("2024-07-28"))

    assert done["status"] == "achieved"
    assert (again.status_code, again.json()["rule"]) == (409, "milestone_state")
    assert len(await monitoring.emitted("milestone.achieved")) == 1


async def test_a_company_reports_its_own_case_only(monitoring: Monitoring) -> None:
    path, company = f"/cases/{CASE}/milestones/kickoff/report", str(an_id("company A"))

    mine = await monitoring.request("POST", path, evidence("2024-07-20"), "company", company)
    others = await monitoring.request("POST", path, evidence("2024-07-21"), "company", str(uuid4()))

    assert (mine.status_code, mine.json()["status"]) == (200, "reported")
    assert (others.status_code, others.json()["rule"]) == (403, "own_case_only")


async def test_an_unknown_milestone_is_refused_with_a_list_of_the_known_ones(monitoring: Monitoring) -> None:
    refused = await monitoring.request(
        "POST", f"/cases/{CASE}/milestones/final/achievement", evidence("2024-08-01")
    )

    assert (refused.status_code, refused.json()["rule"]) == (404, "milestone_unknown")
    assert "kickoff, completion" in refused.json()["detail"]


async def test_a_case_that_has_not_arrived_yet_can_be_retried(monitoring: Monitoring) -> None:
    refused = await monitoring.request(
        "POST", f"/cases/{uuid4()}/milestones/kickoff/achievement", evidence("2024-08-01")
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "case_not_known_yet")


async def test_an_achievement_before_the_agreement_is_refused(monitoring: Monitoring) -> None:
    refused = await monitoring.request(
        "POST", f"/cases/{CASE}/milestones/kickoff/achievement", evidence("2024-07-14")
    )

    assert (refused.status_code, refused.json()["rule"]) == (409, "agreement_needed")


async def test_deadlines_are_announced_once_however_often_they_run(monitoring: Monitoring) -> None:
    first = await monitoring.post("/deadlines", {"up_to": "2025-01-20"}, "operator")
    second = await monitoring.post("/deadlines", {"up_to": "2025-01-20"}, "operator")

    assert (first, second) == ({"due_soon": 5, "missed": 2}, {"due_soon": 0, "missed": 0})
    days = [
        (event["milestone"], event["days_left"], event["occurred_on"])
        for event in await monitoring.emitted("milestone.due_soon")
    ]
    assert sorted(days) == [
        ("completion", 1, "2025-01-14"),
        ("completion", 7, "2025-01-08"),
        ("completion", 30, "2024-12-16"),
        ("kickoff", 1, "2024-07-28"),
        ("kickoff", 7, "2024-07-22"),
    ]


async def test_concurrent_timers_announce_each_deadline_once(monitoring: Monitoring) -> None:
    async def run() -> int:
        async with monitoring.database.transaction() as session:
            return sum((await run_deadlines(session, on("2025-01-20"))).values())

    announced = await asyncio.gather(*(run() for _ in range(4)))

    assert sorted(announced) == [0, 0, 0, 7]
    assert len(await monitoring.emitted("milestone.missed")) == 2


async def test_deadlines_of_achieved_or_abandoned_milestones_are_not_announced(
    monitoring: Monitoring,
) -> None:
    await monitoring.post(f"/cases/{CASE}/milestones/kickoff/achievement", evidence("2024-07-20"))
    await monitoring.deliver([abandoned("A", "2024-08-01")])

    counts = await monitoring.post("/deadlines", {"up_to": "2025-01-20"}, "operator")

    assert counts == {"due_soon": 0, "missed": 0}
    milestones = (await monitoring.request("GET", f"/cases/{CASE}/milestones")).json()["milestones"]
    assert [milestone["status"] for milestone in milestones] == ["achieved", "closed"]


async def test_only_an_operator_runs_the_deadlines(monitoring: Monitoring) -> None:
    refused = await monitoring.request("POST", "/deadlines", {"up_to": "2025-01-20"}, "officer")

    assert (refused.status_code, refused.json()["rule"]) == (403, "role_needed")


async def test_a_mentor_is_assigned_and_then_visits(monitoring: Monitoring) -> None:
    visit = {"mentor_id": "M-1", "work": "공정 진단", "occurred_on": "2024-09-02"}
    early = await monitoring.request("POST", f"/cases/{CASE}/visits", visit)

    await monitoring.post(
        f"/cases/{CASE}/mentors", {"mentor_id": "M-1", "weeks": 8, "occurred_on": "2024-09-01"}
    )
    await monitoring.post(f"/cases/{CASE}/visits", visit)

    assert (early.status_code, early.json()["rule"]) == (409, "mentor_not_assigned")
    assert [event["work"] for event in await monitoring.emitted("mentor.visited")] == ["공정 진단"]


async def test_nine_weeks_are_refused_with_the_name_of_the_field(monitoring: Monitoring) -> None:
    refused = await monitoring.request("POST", f"/cases/{CASE}/mentors", {"mentor_id": "M-1", "weeks": 9})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "weeks")


async def test_the_progress_of_a_pledge_is_emitted_as_stated(monitoring: Monitoring) -> None:
    body = {
        "programme_id": "test-smart-factory",
        "percent": 30,
        "reported_by_ko": "투자유치과",
        "occurred_on": "2022-06-30",
    }

    await monitoring.post("/pledges/strong-firms/progress", body)
    refused = await monitoring.request("POST", "/pledges/another/progress", body)

    assert [event["percent"] for event in await monitoring.emitted("pledge.progress_reported")] == [30]
    assert (refused.status_code, refused.json()["rule"]) == (409, "pledge_of_another_programme")


async def test_the_figures_need_a_role_where_the_board_is_not_open(monitoring: Monitoring) -> None:
    nobody = await monitoring.client.get("/api/figures")
    company = await monitoring.request("GET", "/api/figures", role="company", subject=str(uuid4()))
    auditor = await monitoring.request("GET", "/api/figures", role="auditor")

    assert (nobody.status_code, company.status_code, auditor.status_code) == (401, 403, 200)


async def test_the_board_of_the_demo_is_open_on_loopback_under_its_own_name_only(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    demo = Monitoring(databases["monitoring"], settings, tmp_path, board_operator="시연 운영자")

    here = await demo.client.get("/api/figures")
    elsewhere = await demo.client_from("192.0.2.7").get("/api/figures")
    rebound = await demo.client_from("127.0.0.1", "http://evil.example").get("/api/figures")

    assert (here.status_code, elsewhere.status_code, rebound.status_code) == (200, 401, 401)


async def test_a_future_date_is_refused_before_anything_is_read(monitoring: Monitoring) -> None:
    refused = await monitoring.request("GET", "/api/figures?as_of=2999-01-01")

    assert (refused.status_code, refused.json()["rule"]) == (409, "future_date")
