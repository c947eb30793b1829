"""Timeline of all published events: listed on a case's page, and the lineage of figures."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events import Event, RecordDeadLettered, catalogue
from shared.projections.projection import DecodedEvent, ListProjection, State

TYPE_PREFIX = "kr.ieum."
PROGRAMME_ACTIVITY = (
    "not (name like 'message.%' or name like 'milestone.due_soon.%' or name like 'milestone.missed.%')"
)
"""Condition for programme activity: events that are neither deadlines of the clock nor messages about other events."""


class TimelineEvent(Table, table=True):
    """One event in its newest version; `name` is that type without its prefix (agreement.signed.v1).

    `id` is a UUIDv7: it grows with time.
    """

    __tablename__ = "timeline"
    __table_args__ = (
        Index("timeline_by_subject", "subject", "occurred_on"),
        Index("timeline_by_name", "programme_id", "name", "occurred_on"),
        Index("timeline_activity", "programme_id", "occurred_on", postgresql_where=text(PROGRAMME_ACTIVITY)),
    )

    source: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    subject: str
    sequence: int = Field(sa_type=BigInteger)
    programme_id: str | None
    occurred_on: date
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    authid: str | None
    data: dict[str, Any] = Field(sa_type=JSONB)


def to_timeline_row(event: DecodedEvent) -> Iterable[State]:
    yield {
        "source": event.source,
        "id": event.id,
        "name": event.type.removeprefix(TYPE_PREFIX),
        "subject": event.subject,
        "sequence": event.sequence,
        "programme_id": event.data.get("programme_id"),
        "occurred_on": event.occurred_on,
        "recorded_at": event.recorded_at,
        "authid": event.authid,
        "data": event.data,
    }


def timeline_events() -> Iterator[type[Event]]:
    """Yield every event type of our four services but the dead-letter event: four services share that type."""
    for event in catalogue.events():
        if event.source.startswith("/services/") and not issubclass(event, RecordDeadLettered):
            yield event


PROJECTION = ListProjection(
    name="timeline", table=TimelineEvent, rows=dict.fromkeys(timeline_events(), to_timeline_row)
)
