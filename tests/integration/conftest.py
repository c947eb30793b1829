"""Fixtures of the integration tests: the probe service on Kafka in memory and on the real one."""

from collections.abc import AsyncIterator

import pytest

from shared.config import Settings
from tests.conftest import empty_topics
from tests.databases import Databases
from tests.integration import probe_projections
from tests.integration.probe import Probe
from tests.system import KafkaSystem, MemorySystem, System


@pytest.fixture(scope="module")
async def tables(migrated: Databases) -> AsyncIterator[None]:
    """Tables of the probe projections."""
    async with probe_projections.probe_tables():
        yield


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.connected)])
async def system(
    request: pytest.FixtureRequest, probe: Probe, settings: Settings, databases: Databases
) -> AsyncIterator[System]:
    """The probe's consumer and relay, running."""
    kind: type[System] = MemorySystem
    if request.param == "kafka":
        kind, settings = KafkaSystem, request.getfixturevalue("connected")
        await empty_topics(settings.kafka_bootstrap)
    async with kind([probe.service], databases, settings) as system:
        await system.start()
        yield system
