"""Each message to a company and what became of it; never an address."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.monitoring.schema import Table
from shared.events.notifications import MessageDelivered, MessageFailed, MessageSent, MessageUnknown
from shared.projections.projection import DecodedEvent, Key, RowProjection, State


class MessageRow(Table, table=True):
    """`told_on`: the first that was heard of the message, whatever became of it."""

    __tablename__ = "message_row"

    message_id: UUID = Field(primary_key=True)
    case_id: UUID | None = Field(index=True)
    programme_id: str | None
    template: str | None
    channel: str | None
    told_on: date | None
    sent_on: date | None
    delivered_on: date | None
    failed_on: date | None
    unknown_on: date | None


def key(fact: DecodedEvent) -> Key:
    return (fact.data["message_id"],)


def became(column: str) -> Callable[[State, DecodedEvent], State]:
    def fold(row: State, fact: DecodedEvent) -> State:
        given = ("case_id", "programme_id", "template", "channel")
        dates = {column: row[column] or fact.occurred_on, "told_on": row["told_on"] or fact.occurred_on}
        return row | {name: fact.data[name] for name in given} | dates

    return fold


PROJECTION = RowProjection(
    name="message_row",
    table=MessageRow,
    key=key,
    folds={
        MessageSent: became("sent_on"),
        MessageDelivered: became("delivered_on"),
        MessageFailed: became("failed_on"),
        MessageUnknown: became("unknown_on"),
    },
)
