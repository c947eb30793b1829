"""Fixtures of the tests that run one service: its HTTP API, its mail server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.config import Settings
from tests.databases import Databases
from tests.flows.applications_api import ApplicationsApi
from tests.flows.funding_api import Funding
from tests.flows.notifications_builders import MailServer, a_mail_server


@pytest.fixture
async def api(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[ApplicationsApi]:
    """HTTP API of the applications service, with an empty database."""
    applications = ApplicationsApi(databases["applications"], settings, tmp_path)
    async with applications.client:
        yield applications


@pytest.fixture
async def funding(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[Funding]:
    """Funding service with an empty database."""
    async with Funding(databases, settings, tmp_path) as system:
        await system.start()
        yield system


@pytest.fixture
def smtp() -> MailServer:
    """Mail server that notifications are configured with, not yet running."""
    return a_mail_server()


@pytest.fixture
async def running(smtp: MailServer) -> AsyncIterator[MailServer]:
    """Mail server, running."""
    async with smtp.running():
        yield smtp
