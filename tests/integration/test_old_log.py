"""A log from before events carried facts alone: folded live as rebuilt, and every figure of the documents comes out of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.events import Event
from shared.events.applications import CompanyRejected, CompanyReserved, CompanySelected, Ranking
from shared.messaging.kafka import EXTERNAL_TOPIC_PREFIX, create_producer
from shared.projections.rebuild import Rebuild, RebuildResult
from tests.builders import A_DAY, PROGRAMME, kafka_record
from tests.databases import Databases, owner_url
from tests.flows.monitoring_api import Monitoring
from tests.integration import old_log
from tests.system import KafkaSystem, System
from tools.demo.check import compare
from tools.demo.figures import load_figures

pytestmark = pytest.mark.connected

PROJECTOR_ALONE = replace(SERVICE, handlers={})  # the log has what the consumer emitted
ROUND = {"programme_id": PROGRAMME, "round_id": "jeonbuk-2025", "year": 2025, "occurred_on": A_DAY}
RANKED = {"rank": 3, "score": "250/3", "ranking": Ranking(applications=9, quota=2, reviews=3, trimmed=False)}
NEWER: list[Event] = [
    CompanySelected.model_validate(ROUND | RANKED | {"case_id": UUID(int=1), "via": "ranking"}),
    CompanyReserved.model_validate(ROUND | RANKED | {"case_id": UUID(int=2)}),
    CompanyRejected.model_validate(ROUND | {"case_id": UUID(int=3), "cause": "closed"}),
]


@pytest.fixture
async def system(databases: Databases, connected: Settings, topics_emptied: None) -> AsyncIterator[System]:
    """A running projector of the board, and the old log on its topics, followed by events of today."""
    async with KafkaSystem([PROJECTOR_ALONE], databases, connected) as system:
        await system.start()
        await send(connected, [*old_log.records(), *(kafka_record(event) for event in NEWER)])
        await wait_until_folded(system)
        yield system


async def test_old_log_is_folded_live_as_rebuilt_and_nothing_of_it_is_lost(
    system: System, connected: Settings
) -> None:
    result = await rebuild(connected)

    assert {table.table: table.differing for table in result.tables if table.differing} == {}
    assert result.equal
    assert {table.table: table.live for table in result.tables}["timeline"] == len(ours()) + len(NEWER)
    assert not await system.rows("monitoring", "dead_letter")


async def test_figures_of_the_documents_come_out_of_the_old_log(
    system: System, connected: Settings, tmp_path: Path
) -> None:
    board = Monitoring(system.databases["monitoring"], connected, tmp_path)
    figures = load_figures()

    pages = {
        page: await board.get(f"/api/figures/{page[0]}?as_of={page[1]}", role="operator")
        for page in {(figure.programme, figure.as_of) for figure in figures}
    }

    assert [row.figure.id for row in compare(figures, pages) if not row.ok] == []
    assert len(figures) == 91


def ours() -> list[dict[str, Any]]:
    """Return the records of the log that the board folds: those of our own services."""
    return [record for record in old_log.records() if not record["topic"].startswith(EXTERNAL_TOPIC_PREFIX)]


async def send(settings: Settings, records: list[dict[str, Any]]) -> None:
    async with create_producer(settings) as producer:
        sent = [await producer.send(**record) for record in records]
        await asyncio.gather(*sent)


async def wait_until_folded(system: System) -> None:
    """Wait until the timeline has every event. Raises AssertionError after a minute."""
    expected = len(ours()) + len(NEWER)
    for _ in range(600):
        if (found := await system.count("monitoring", "timeline")) == expected:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{found} of {expected} events in the timeline")


async def rebuild(settings: Settings) -> RebuildResult:
    return await Rebuild("monitoring", owner_url("monitoring"), SERVICE.projections, settings, 1).run()
