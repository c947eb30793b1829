"""Probe service on funding's real schema: its handlers emit an event for each event that they handle."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import MetaData

from shared.database.transaction import Transaction
from shared.errors import PrerequisiteMissing
from shared.events import Event
from shared.events.applications import AgreementSigned, CompanySelected
from shared.events.external import LegacyCaseRecorded
from shared.events.funding import FundingRecordDeadLettered, PastSpendingBooked
from shared.messaging.cloudevents import Envelope
from shared.messaging.outbox import emit
from shared.service import Service
from tests.builders import kafka_record
from tests.memory import MemoryRecord

TOPIC = "ieum.applications"
SELECTED = "kr.ieum.company.selected.v2"


def a_record(event: Event, offset: int = 0, **attributes: str) -> MemoryRecord:
    return MemoryRecord(offset=offset, **kafka_record(event, 1, **attributes))


def needing(*events: Event) -> Callable[[Any], bool]:
    """Return a condition that these events' prerequisites are missing."""
    return lambda event: event not in events


def raising(error: Exception) -> Callable[[Any], None]:
    """Return a handler's late failure."""

    def fail(event: Any) -> None:
        raise error

    return fail


class Probe:
    """Service that records the events it handles.

    `after_writes` is called after the handler's writes and may raise, as a late failure would. Where `prerequisite_met`
    returned False before them, the handler raises PrerequisiteMissing, after them as well.
    """

    def __init__(self) -> None:
        self.handled: list[Any] = []
        self.after_writes: Callable[[Any], None] = lambda event: None
        self.prerequisite_met: Callable[[Any], bool] = lambda event: True
        self.service = Service(
            name="funding",
            title="probe",
            tables=MetaData(),
            dead_letter_event=FundingRecordDeadLettered,
            handlers={
                CompanySelected: self.on_event,
                AgreementSigned: self.on_event,
                LegacyCaseRecorded: self.on_legacy,
            },
        )

    async def on_event(self, transaction: Transaction, event: Any, envelope: Envelope) -> None:
        met = self.prerequisite_met(event)
        fields = {
            "case_id": event.case_id,
            "programme_id": event.programme_id,
            "occurred_on": event.occurred_on,
        }
        await emit(transaction, PastSpendingBooked(fiscal_year=2024, amounts_krw={}, **fields))
        # Not before: an event that finds this one handled comes behind it in the log.
        self.handled.append(event)
        if not met:
            raise PrerequisiteMissing(
                "not_known_yet", ko="아직 모르는 과제입니다.", en="The case is not known yet."
            )
        self.after_writes(event)

    async def on_legacy(self, transaction: Transaction, event: Any, envelope: Envelope) -> None:
        self.handled.append(event)
        self.after_writes(event)
