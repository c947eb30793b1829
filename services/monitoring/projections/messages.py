"""Message rows: each message to a company and its delivery; never an address."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.notifications import MessageDelivered, MessageFailed, MessageSent, MessageUnknown
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class MessageRow(Table, table=True):
    """One message; `first_event_on` is the business date of its first event, whatever its outcome."""

    __tablename__ = "message_row"

    message_id: UUID = Field(primary_key=True)
    case_id: UUID | None = Field(index=True)
    programme_id: str | None
    template: str | None
    channel: str | None
    first_event_on: date | None
    sent_on: date | None
    delivered_on: date | None
    failed_on: date | None
    unknown_on: date | None


def key(event: DecodedEvent) -> Key:
    return (event.data["message_id"],)


def first_date(column: str) -> Callable[[State, DecodedEvent], State]:
    """Return a fold that sets `column` to the date of its first event."""

    def fold(row: State, event: DecodedEvent) -> State:
        copied = {name: event.data[name] for name in ("case_id", "programme_id", "template", "channel")}
        dates = {name: row[name] or event.occurred_on for name in (column, "first_event_on")}
        return row | copied | dates

    return fold


PROJECTION = RowProjection(
    name="message_row",
    table=MessageRow,
    key=key,
    folds={
        MessageSent: first_date("sent_on"),
        MessageDelivered: first_date("delivered_on"),
        MessageFailed: first_date("failed_on"),
        MessageUnknown: first_date("unknown_on"),
    },
)
