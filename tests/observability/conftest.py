"""Fixtures: all four services with their HTTP, in memory or on the real Kafka, and the providers of messages."""

from collections.abc import AsyncIterator

import pytest

from services.notifications.settings import NotificationsSettings
from shared.config import Settings
from tests.conftest import empty_topics
from tests.databases import Databases
from tests.e2e.small_scenario import SERVICES, ServicesOnKafka, ServicesWithHttp
from tests.flows.notifications_builders import MailServer, a_mail_server, with_providers
from tests.system import MemorySystem

LONG_PARKING = {"parking_seconds": 600.0}


class MemorySystemWithHttp(ServicesWithHttp, MemorySystem):
    """The services with their HTTP on the in-memory broker."""

    async def start(self) -> None:
        await super().start()
        await self.serve()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.connected)])
async def system(
    request: pytest.FixtureRequest, settings: Settings, databases: Databases
) -> AsyncIterator[ServicesWithHttp]:
    kind: type[ServicesWithHttp] = MemorySystemWithHttp
    settings = settings.model_copy(update=LONG_PARKING)
    if request.param == "kafka":
        kind, connected = ServicesOnKafka, request.getfixturevalue("connected")
        settings = connected.model_copy(update=LONG_PARKING)
        await empty_topics(settings.kafka_bootstrap)
    async with kind(SERVICES, databases, settings) as system:
        await system.start()
        yield system


@pytest.fixture
async def smtp() -> AsyncIterator[MailServer]:
    async with a_mail_server().running() as server:
        yield server


@pytest.fixture
def providers(settings: Settings, smtp: MailServer) -> NotificationsSettings:
    return with_providers(settings, smtp.port)
