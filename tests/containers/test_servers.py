"""The integration tests again, with PostgreSQL and Kafka in containers that testcontainers runs."""

import os
import re
import sys

import pytest

from tests.containers import report
from tests.containers.commands import run
from tests.containers.conftest import EngineSession, skip
from tests.containers.engine import EngineUnavailable
from tests.sources import ROOT

pytestmark = pytest.mark.containers

AGAIN = ("tests/integration", "--ignore=tests/integration/test_devstack.py")


def test_integration_tests_pass_on_containers(engine_session: EngineSession) -> None:
    try:
        containers = {
            "DOCKER_HOST": engine_session.engine.host,
            "IEUM_TEST_SERVERS": "containers",
            "IEUM_TEST_POSTGRES_IMAGE": engine_session.postgres,
            "IEUM_TEST_KAFKA_IMAGE": engine_session.kafka,
        }
    except EngineUnavailable as reason:
        skip(reason)

    output = run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *AGAIN,
        folder=ROOT,
        environment={**os.environ, **containers},
    )

    assert f"Kafka, PostgreSQL: testcontainers ({engine_session.engine.name}" in output
    [passed] = re.findall(r"(\d+) passed", output)
    assert int(passed) > 50
    assert engine_session.client.containers.list(all=True, filters={"label": "org.testcontainers"}) == []
    report.again.append(
        f"tests/integration 다시 / again: {passed} on testcontainers ({engine_session.engine.name})"
    )
