"""The monitoring service in this process: events delivered to its handlers, requests made in each role."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.monitoring.main import SERVICE
from shared.config import Settings
from shared.database.engine import Database
from shared.events import Event
from shared.messaging.cloudevents import Envelope, new_attributes
from tests.flows.web import ServiceApi


class Monitoring(ServiceApi):
    """The service's API; `deliver` passes events to the handlers as the consumer does."""

    def __init__(self, database: Database, settings: Settings, folder: Path, **changes: Any) -> None:
        super().__init__(SERVICE, database, settings, folder, **changes)

    async def deliver(self, events: Iterable[Event]) -> None:
        for event in events:
            if handler := SERVICE.handlers.get(type(event)):
                async with self.database.transaction() as session:
                    await handler(session, event, Envelope.model_validate(new_attributes(event)))
