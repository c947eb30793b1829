"""Fixtures: a container engine, its images and a compose project; without an engine the tests are skipped with the reason."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import pytest
from docker import DockerClient as Client
from docker.errors import ImageNotFound

from tests.containers import images, report
from tests.containers.compose_plugin import compose_command
from tests.containers.engine import Engine, EngineUnavailable, engine
from tests.containers.project import Project
from tools.demo.scenario import Scenario, build_scenario

MONITORING_IMAGES = {
    "prometheus": os.environ.get("IEUM_PROMETHEUS_IMAGE", "prom/prometheus:v3.5.0"),
    "grafana": os.environ.get("IEUM_GRAFANA_IMAGE", "grafana/grafana:12.1.0"),
}


@dataclass
class EngineSession:
    """A container engine and the images on it, each pulled or built at its first use."""

    engine: Engine
    client: Client

    @cached_property
    def base(self) -> str:
        return images.base(self.client)

    @cached_property
    def postgres(self) -> str:
        return images.postgres(self.client, lambda: self.base)

    @cached_property
    def kafka(self) -> str:
        return images.kafka(self.client, lambda: self.base)


@pytest.fixture(scope="package")
def engine_session() -> Iterator[EngineSession]:
    try:
        with engine() as running, running.client() as client:
            yield EngineSession(running, client)
    except EngineUnavailable as reason:
        skip(reason)


def skip(reason: EngineUnavailable) -> NoReturn:
    report.compose = f"건너뜀 / skipped: {reason}"
    pytest.skip(str(reason))


@pytest.fixture(scope="package")
def scenario() -> Scenario:
    return build_scenario()


@pytest.fixture(scope="module")
def project(
    engine_session: EngineSession, scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Yield docker-compose.yml as a project that is not up yet, and take it down afterwards."""
    folder: Path = tmp_path_factory.mktemp("compose")
    try:
        command, environment = compose_command(folder / "docker")
        available = {"BASE_IMAGE": engine_session.base, "IEUM_POSTGRES_IMAGE": engine_session.postgres}
        available |= {"IEUM_KAFKA_IMAGE": engine_session.kafka, "DOCKER_HOST": engine_session.engine.host}
    except EngineUnavailable as reason:
        skip(reason)
    omitted = [
        name
        for name, image in MONITORING_IMAGES.items()
        if not images.is_available(engine_session.client, image)
    ]
    project = Project(command, environment, folder, available, omitted)
    project.clock.advance_to(scenario.starts_at)
    yield project
    project.compose("down", "--volumes", "--remove-orphans", may_fail=True)
    with suppress(ImageNotFound):
        engine_session.client.images.remove(project.image, force=True)
