"""An engine, its images and a project for these tests, gone before the others run; without an engine they say why."""

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
from tests.containers.engine import Engine, NoEngine, engine
from tests.containers.project import Project
from tools.demo.scenario import Story, tell

WATCHERS = {
    "prometheus": os.environ.get("IEUM_PROMETHEUS_IMAGE", "prom/prometheus:v3.5.0"),
    "grafana": os.environ.get("IEUM_GRAFANA_IMAGE", "grafana/grafana:12.1.0"),
}


@dataclass
class Workshop:
    """One engine, and the images on it, each had or made when it is first asked for."""

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
def workshop() -> Iterator[Workshop]:
    try:
        with engine() as found, found.client() as client:
            yield Workshop(found, client)
    except NoEngine as none:
        skip(none)


def skip(none: NoEngine) -> NoReturn:
    report.compose = f"건너뜀 / skipped: {none}"
    pytest.skip(str(none))


@pytest.fixture(scope="package")
def story() -> Story:
    return tell()


@pytest.fixture(scope="module")
def project(workshop: Workshop, story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """docker-compose.yml on this engine, not yet up; whatever happens, it is down afterwards."""
    folder: Path = tmp_path_factory.mktemp("compose")
    try:
        command, environment = compose_command(folder / "docker")
        had = {"BASE_IMAGE": workshop.base, "IEUM_POSTGRES_IMAGE": workshop.postgres}
        had |= {"IEUM_KAFKA_IMAGE": workshop.kafka, "DOCKER_HOST": workshop.engine.host}
    except NoEngine as none:
        skip(none)
    left_out = [name for name, image in WATCHERS.items() if not images.had(workshop.client, image)]
    made = Project(command, environment, folder, had, left_out, story.business_date.isoformat())
    yield made
    made.compose("down", "--volumes", "--remove-orphans", may_fail=True)
    with suppress(ImageNotFound):
        workshop.client.images.remove(made.image, force=True)
