"""What the stories of one service share with each other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.config import Settings
from tests.databases import Databases
from tests.flows.applications_api import Applications


@pytest.fixture
async def api(databases: Databases, settings: Settings, tmp_path: Path) -> AsyncIterator[Applications]:
    """The applications service, with nothing in it."""
    found = Applications(databases["applications"], settings, tmp_path)
    async with found.client:
        yield found
