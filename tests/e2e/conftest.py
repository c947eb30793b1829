"""A small real run, once for all the tests of the invariants."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.config import Settings
from tests import databases as real
from tests.conftest import empty_topics
from tests.databases import Databases
from tests.e2e.installation import DAMAGED, PRISTINE, a_process, audit_url, copy, drop
from tests.e2e.small_story import SERVICES, Town, play
from tools.audit.target import Target


@pytest.fixture(scope="package")
def patient(connected: Settings) -> Settings:
    return connected.model_copy(update={"parking_seconds": 60.0})


@pytest.fixture(scope="package")
async def target(
    migrated: Databases, patient: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Target]:
    """The small story was played; what it left is copied, and everything stands still."""
    await empty_topics(patient.kafka_bootstrap)
    await real.delete_all_rows()
    async with Town(SERVICES, migrated, patient) as town:
        await town.start()
        await play(town)
    for database in migrated.values():
        await database.close()
    logs: Path = tmp_path_factory.mktemp("logs")
    (logs / "funding.log").write_text('{"event": "record.dead_lettered"}\n', encoding="utf-8")
    await copy(real.DATABASE, PRISTINE)
    async with a_process(200) as url:
        yield Target(audit_url(real.DATABASE), patient.kafka_bootstrap, [url], logs)
    await drop(PRISTINE, DAMAGED)
