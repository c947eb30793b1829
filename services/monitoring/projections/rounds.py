"""Round rows (공고): window, quota, and the date on which the round's year was agreed."""

from datetime import date

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.applications import RoundAgreed, RoundClosed, RoundOpened
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class RoundRow(Table, table=True):
    __tablename__ = "round_row"

    round_id: str = Field(primary_key=True)
    programme_id: str | None = Field(index=True)
    year: int | None
    name_ko: str | None
    opens_on: date | None
    closes_on: date | None
    quota: dict[str, int] | None = Field(sa_type=JSONB)
    opened_on: date | None
    closed_on: date | None
    agreed_on: date | None
    agency_ko: str | None


def key(event: DecodedEvent) -> Key:
    return (event.data["round_id"],)


def opened(row: State, event: DecodedEvent) -> State:
    copied = ("programme_id", "year", "name_ko", "opens_on", "closes_on", "quota")
    return row | {name: event.data[name] for name in copied} | {"opened_on": event.occurred_on}


def closed(row: State, event: DecodedEvent) -> State:
    return row | {"closed_on": event.occurred_on}


def agreed(row: State, event: DecodedEvent) -> State:
    """Date the agreement with the agency; it may come before the round opens."""
    copied = {name: event.data[name] for name in ("programme_id", "year", "agency_ko")}
    return row | copied | {"agreed_on": event.occurred_on}


PROJECTION = RowProjection(
    name="round_row",
    table=RoundRow,
    key=key,
    folds={RoundOpened: opened, RoundClosed: closed, RoundAgreed: agreed},
)
