"""Fixtures of the integration tests: the probe service, its dispatcher, and its Kafka in memory and in truth."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.dispatcher import Dispatcher, Handlers
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


@pytest.fixture
def database(databases: Databases) -> Database:
    """The probe's database: funding's."""
    return databases["funding"]


@pytest.fixture
def start(database: Database, probe: Probe, settings: Settings) -> Callable[..., Dispatcher]:
    """Return a function that starts a process of the probe: a dispatcher without memory of the earlier ones."""

    def start(handlers: Handlers | None = None, **changed: Any) -> Dispatcher:
        return Dispatcher(
            database,
            handlers or probe.service.handlers,
            probe.service.dead_letter_event,
            settings.model_copy(update=changed),
        )

    return start


@pytest.fixture
def dispatcher(start: Callable[..., Dispatcher]) -> Dispatcher:
    return start()


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
