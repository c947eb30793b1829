"""Every event of ours as it was told: what a case's page lists, and what every figure goes back to."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events import Event, RecordDeadLettered, catalogue
from shared.projections.projection import DecodedEvent, ListProjection, State

PREFIX = "kr.ieum."
NEWS = "not (name like 'message.%' or name like 'milestone.due_soon.%' or name like 'milestone.missed.%')"
"""What is news of a programme: not what the clock says, nor what we tell of it."""


class TimelineEvent(Table, table=True):
    """`name` is the type without its prefix (agreement.signed.v1); `id` is a UUIDv7: it grows with time."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("timeline_by_subject", "subject", "occurred_on"),
        Index("timeline_by_name", "programme_id", "name", "occurred_on"),
        Index("timeline_news", "programme_id", "occurred_on", postgresql_where=text(NEWS)),
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


def told(fact: DecodedEvent) -> Iterable[State]:
    yield {
        "source": fact.source,
        "id": fact.id,
        "name": fact.type.removeprefix(PREFIX),
        "subject": fact.subject,
        "sequence": fact.sequence,
        "programme_id": fact.data.get("programme_id"),
        "occurred_on": fact.occurred_on,
        "recorded_at": fact.recorded_at,
        "authid": fact.authid,
        "data": fact.data,
    }


def events() -> Iterator[type[Event]]:
    """Every event of our four services. Dead letters are left out: four services share that type."""
    for event in catalogue.events():
        if event.source.startswith("/services/") and not issubclass(event, RecordDeadLettered):
            yield event


PROJECTION = ListProjection(name="timeline", table=TimelineEvent, rows=dict.fromkeys(events(), told))
