"""What the stories of one service share with each other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.config import Settings
from tests.databases import Databases
from tests.flows.applications_api import Applications
from tests.flows.funding_api import Funding
from tests.flows.notifications_builders import MailServer, a_mail_server


@pytest.fixture
async def api(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[Applications]:
    """The applications service, with nothing in it."""
    found = Applications(databases["applications"], settings, tmp_path)
    async with found.client:
        yield found


@pytest.fixture
async def funding(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[Funding]:
    """The funding service, with nothing in it."""
    async with Funding(databases, settings, tmp_path) as system:
        await system.start()
        yield system


@pytest.fixture
def smtp() -> MailServer:
    """The mail server that notifications know; who only needs that it runs asks for `running`."""
    return a_mail_server()


@pytest.fixture
async def running(smtp: MailServer) -> AsyncIterator[MailServer]:
    async with smtp.running():
        yield smtp
