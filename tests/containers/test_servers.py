"""What is promised of delivery, once more, with PostgreSQL and Kafka in containers that testcontainers drive."""

import os
import re
import sys

import pytest

from tests.containers import report
from tests.containers.commands import run
from tests.containers.conftest import Workshop, skip
from tests.containers.engine import NoEngine
from tests.sources import ROOT

pytestmark = pytest.mark.containers

AGAIN = ("tests/integration", "--ignore=tests/integration/test_devstack.py")


def test_the_integration_tests_hold_on_containers_as_well(workshop: Workshop) -> None:
    try:
        with_these = {
            "DOCKER_HOST": workshop.engine.host,
            "IEUM_TEST_SERVERS": "containers",
            "IEUM_TEST_POSTGRES_IMAGE": workshop.postgres,
            "IEUM_TEST_KAFKA_IMAGE": workshop.kafka,
        }
    except NoEngine as none:
        skip(none)

    said = run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *AGAIN,
        folder=ROOT,
        environment={**os.environ, **with_these},
    )

    assert f"Kafka, PostgreSQL: testcontainers ({workshop.engine.name}" in said
    [passed] = re.findall(r"(\d+) passed", said)
    assert int(passed) > 50
    assert workshop.client.containers.list(all=True, filters={"label": "org.testcontainers"}) == []
    report.again.append(
        f"tests/integration 다시 / again: {passed} on testcontainers ({workshop.engine.name})"
    )
