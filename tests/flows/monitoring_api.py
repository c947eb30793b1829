"""The monitoring service in this process: events folded and delivered to its handlers, requests made in each role."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.database.engine import Database
from shared.events import Event
from shared.messaging.cloudevents import Envelope, new_attributes
from tests.flows.web import ServiceApi
from tests.unit.monitoring_folds import decode_events, project_events


class Monitoring(ServiceApi):
    """The service's API; `deliver` passes events on as the projector and the consumer do, the projector first."""

    def __init__(self, database: Database, settings: Settings, folder: Path, **changes: Any) -> None:
        super().__init__(SERVICE, database, settings, folder, **changes)
        self.folded: list[Event] = []

    async def deliver(self, events: Sequence[Event]) -> None:
        await self.fold(events)
        await self.handle(events)

    async def fold(self, events: Sequence[Event]) -> None:
        """Fold the events alone, numbered after those that were folded before."""
        decoded = decode_events([*self.folded, *events])[len(self.folded) :]
        await project_events(self.database, decoded)
        self.folded += events

    async def handle(self, events: Sequence[Event]) -> None:
        """Pass the events to the handlers alone, each in a transaction of its own."""
        for event in events:
            if handler := SERVICE.handlers.get(type(event)):
                async with self.database.transaction() as transaction:
                    await handler(transaction, event, Envelope.model_validate(new_attributes(event)))
