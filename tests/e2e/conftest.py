"""A small sound installation, once for all the tests of the auditor."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from services.notifications.channels.outcomes import Accepted, Outcome, OutgoingMessage
from services.notifications.sender import send_batch
from shared.config import Settings
from tests import databases as real
from tests.chaos.checks import journals
from tests.conftest import empty_topics
from tests.databases import Databases
from tests.e2e.installation import MUTATED, PRISTINE, Installation, a_process, audit_url, copy, drop
from tests.e2e.small_scenario import SERVICES, ServicesOnKafka, play
from tools.audit.target import Target


@dataclass
class Provider:
    """A channel that accepts every message and remembers which."""

    name: str
    batch: int = 100
    accepted: list[journals.Accepted] = field(default_factory=list)

    async def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]:
        self.accepted += [journals.Accepted(self.name, str(message.message_id)) for message in messages]
        return {message.message_id: Accepted(f"{message.message_id}") for message in messages}

    async def close(self) -> None: ...


@pytest.fixture(scope="package")
def patient(connected: Settings) -> Settings:
    return connected.model_copy(update={"parking_seconds": 60.0})


@pytest.fixture(scope="package")
async def installation(
    migrated: Databases, patient: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """The small scenario was played and its database is copied; everything stands still."""
    await empty_topics(patient.kafka_bootstrap)
    await real.delete_all_rows()
    providers = [Provider("email"), Provider("sms")]
    async with ServicesOnKafka(SERVICES, migrated, patient) as system:
        await system.start()
        await play(system)
        for provider in providers:
            while await send_batch(migrated["notifications"], provider, patient):
                await system.run_until_quiescent()
        await system.run_until_quiescent()
    for database in migrated.values():
        await database.close()
    logs: Path = tmp_path_factory.mktemp("logs")
    (logs / "funding.log").write_text('{"event": "record.dead_lettered"}\n', encoding="utf-8")
    await copy(real.DATABASE, PRISTINE)
    accepted = [message for provider in providers for message in provider.accepted]
    async with a_process(200) as url:
        target = Target(audit_url(real.DATABASE), patient.kafka_bootstrap, [url], logs)
        yield Installation(target, system.history, accepted)
    await drop(PRISTINE, MUTATED)
