"""Enqueue messages, claim them, record their outcomes, and expire those whose outcome is overdue."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from services.notifications.cases.domain import MessageContext
from services.notifications.cases.queries import message_context
from services.notifications.messages import statements
from services.notifications.messages.domain import (
    CHANNELS,
    CLAIM_TIMEOUT,
    DELIVERY_REPORT_TIMEOUT,
    NO_CONTACT,
    NO_DELIVERY_REPORT,
    SENDER_LOST,
    State,
    Transition,
    event_of,
)
from services.notifications.recipients.domain import Channel
from services.notifications.templates.domain import RULES
from services.notifications.templates.notices import Notice
from shared.database.transaction import Transaction
from shared.messaging.cloudevents import Envelope
from shared.messaging.outbox import emit
from shared.observability.logs import correlated, correlation
from shared.observability.metrics import MESSAGES
from shared.values.clock import now

CORRELATION_FIELDS = ("correlationid", "causationid", "traceparent")


# Enqueue.


async def enqueue(transaction: Transaction, event: Any, envelope: Envelope) -> None:
    """Queue one message for each channel that reaches the company, if the event has a notice and is not too old.

    Raises PrerequisiteMissing while the case or its names are unknown.
    """
    rule = RULES[type(event)]
    if not rule.applies(event, envelope.time, now()):
        return
    context = await message_context(transaction, event.case_id)
    notice = rule.compose(event, context)
    await insert_messages(transaction, notice, context, envelope, event.occurred_on)


async def insert_messages(
    transaction: Transaction, notice: Notice, context: MessageContext, envelope: Envelope, occurred_on: date
) -> None:
    """Insert a message for each channel; without any contact, failed ones with their MessageFailed events."""
    cause = {name: value for name, value in correlation().items() if name in CORRELATION_FIELDS}
    columns = {
        "event_source": envelope.source,
        "event_id": envelope.id,
        "template": notice.template,
        "case_id": context.case_id,
        "company_id": context.company_id,
        "programme_id": context.programme_id,
        "occurred_on": occurred_on,
        "data": notice.model_dump_json(),
        "cause": orjson.dumps(cause).decode(),
        "expires_at": envelope.time + notice.deadline,
        "state": State.QUEUED.value if context.channels else State.FAILED.value,
        "problem": None if context.channels else NO_CONTACT,
    }
    channels = context.channels or CHANNELS
    ids = [uuid7() for _ in channels]
    await transaction.fetch(statements.INSERT, *columns.values(), ids, list(channels))
    if not context.channels:
        stored = columns | {"cause": cause}
        rows = [stored | {"id": id, "channel": channel} for id, channel in zip(ids, channels, strict=True)]
        await emit_events(transaction, rows)


# Send.


class ClaimedMessage(NamedTuple):
    """A message that this sender alone may send, with its address. The claim is committed before sending."""

    id: UUID
    template: str
    channel: Channel
    data: dict[str, Any]
    attempts: int
    expires_at: datetime
    address: str | None
    language: str
    traceparent: str | None


async def claim(transaction: Transaction, channel: str, limit: int) -> list[ClaimedMessage]:
    """Claim up to `limit` of the oldest due messages, at most one a case: its next one waits for this outcome."""
    rows = await transaction.fetch(statements.CLAIM, channel, limit)
    return [
        ClaimedMessage(
            row["id"],
            row["template"],
            row["channel"],
            row["data"],
            row["attempts"],
            row["expires_at"],
            row["address"],
            row["language"] or "ko",
            row["traceparent"],
        )
        for row in sorted(rows, key=itemgetter("position"))
    ]


async def record_outcomes(transaction: Transaction, transitions: Mapping[UUID, Transition]) -> None:
    """Apply the transitions and emit their events.

    A message that a delivery report has already moved stays as it is; one that expired to `unknown` may still
    become sent or failed.
    """
    columns = zip(*((id, move.to.value, *move[1:]) for id, move in transitions.items()), strict=True)
    rows = await transaction.fetch(statements.RECORD_OUTCOMES, *map(list, columns))
    await emit_events(transaction, rows)


async def expire_unknown(transaction: Transaction) -> int:
    """Move claims older than a minute, and SMS without a delivery report after three days, to `unknown`.

    Returns how many; at most 500 at once.
    """
    rows = await transaction.fetch(
        statements.EXPIRE_UNKNOWN, CLAIM_TIMEOUT, DELIVERY_REPORT_TIMEOUT, SENDER_LOST, NO_DELIVERY_REPORT
    )
    await emit_events(transaction, rows)
    return len(rows)


# Emit.


async def emit_events(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Emit an event for each row, ordered by case so that concurrent transactions lock the streams in one order."""
    for row in sorted(rows, key=lambda row: str(row["case_id"])):
        await emit_event(transaction, row, State(row["state"]))


async def emit_event(transaction: Transaction, row: Mapping[str, Any], state: State) -> None:
    """Emit the state's event, if it has one, correlated with the event that caused the message."""
    MESSAGES.labels(row["channel"], state.value).inc()
    event = event_of(row, state)
    if event is not None:
        with correlated(**row["cause"]):
            await emit(transaction, event)
