"""Cases to be folded by the probe's projections: their events, sent in order, some of them twice."""

import asyncio
import random
from uuid import uuid4

from sqlalchemy import MetaData

from shared.config import Settings
from shared.events import Event
from shared.events.funding import PastSpendingBooked
from shared.events.monitoring import MonitoringRecordDeadLettered
from shared.messaging.kafka import create_producer
from shared.service import Service
from tests.builders import A_DAY, PROGRAMME, a_selection, an_agreement, sealed
from tests.integration import folds
from tests.system import System

SERVICE = Service(
    name="monitoring",
    title="probe",
    tables=MetaData(),
    dead_letter_event=MonitoringRecordDeadLettered,
    projections=folds.PROJECTIONS,
)


def a_story() -> list[tuple[int, Event]]:
    """All that happens to a case, each event with its number in its source."""
    case = uuid4()
    booked = {"case_id": case, "programme_id": PROGRAMME, "occurred_on": A_DAY, "amounts_krw": {}}
    return [
        (1, a_selection(case, rank=3)),
        (2, an_agreement(case, total_krw=100)),
        (1, PastSpendingBooked(fiscal_year=2024, **booked)),
    ]


async def eventually(system: System, table: str, count: int) -> None:
    for _ in range(300):
        if await system.count("monitoring", table) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await system.count('monitoring', table)} rows in {table}, never {count}")


async def send_stories(settings: Settings, count: int) -> None:
    """Each event of each case, some of them twice."""
    async with create_producer(settings) as sender:
        for _ in range(count):
            for number, event in a_story():
                record = sealed(event, number)
                for _ in range(random.choice([1, 1, 2])):
                    await sender.send(**record)
