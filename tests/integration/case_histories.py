"""Histories of cases for the probe projections: events sent in order, some of them twice."""

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
from tests.builders import A_DAY, PROGRAMME, a_selection, an_agreement, kafka_record
from tests.integration import probe_projections
from tests.system import System

SERVICE = Service(
    name="monitoring",
    title="probe",
    tables=MetaData(),
    dead_letter_event=MonitoringRecordDeadLettered,
    projections=probe_projections.PROJECTIONS,
)


def case_history() -> list[tuple[int, Event]]:
    """Return the events of one case, each with its number in its source."""
    case = uuid4()
    booked = {"case_id": case, "programme_id": PROGRAMME, "occurred_on": A_DAY, "amounts_krw": {}}
    return [
        (1, a_selection(case, rank=3)),
        (2, an_agreement(case, total_krw=100)),
        (1, PastSpendingBooked(fiscal_year=2024, **booked)),
    ]


async def wait_for_count(system: System, table: str, count: int) -> None:
    """Wait until the table has so many rows. Raises AssertionError after 30 seconds."""
    for _ in range(300):
        if await system.count("monitoring", table) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await system.count('monitoring', table)} rows in {table}, never {count}")


async def send_histories(settings: Settings, count: int) -> None:
    """Send each event of `count` cases, some of them twice."""
    async with create_producer(settings) as producer:
        for _ in range(count):
            for number, event in case_history():
                record = kafka_record(event, number)
                for _ in range(random.choice([1, 1, 2])):
                    await producer.send(**record)
