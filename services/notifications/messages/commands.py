"""Make, claim, settle and give up messages."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.notifications.cases.domain import About
from services.notifications.cases.queries import about
from services.notifications.messages import statements
from services.notifications.messages.domain import (
    CHANNELS,
    CLAIM_LASTS,
    LOST,
    NO_CONTACT,
    RECEIPT_LASTS,
    SILENT,
    Move,
    State,
    event_of,
)
from services.notifications.recipients.domain import Channel
from services.notifications.templates.domain import RULES
from services.notifications.templates.notices import Notice
from shared.database.engine import fetch
from shared.messaging.cloudevents import Envelope
from shared.messaging.outbox import emit
from shared.observability.logs import correlated, correlation
from shared.observability.metrics import MESSAGES
from shared.values.calendar import now

CARRIED = ("correlationid", "causationid", "traceparent")


# What happened becomes messages.


async def tell(session: AsyncSession, event: Any, envelope: Envelope) -> None:
    """One message a channel that reaches the company. Raises NotYet while its case or names are unknown."""
    rule = RULES[type(event)]
    if not rule.holds(event, envelope.time, now()):
        return
    found = await about(session, event.case_id)
    notice = rule.compose(event, found)
    await make(session, notice, found, envelope, event.occurred_on)


async def make(
    session: AsyncSession, notice: Notice, found: About, envelope: Envelope, occurred_on: date
) -> None:
    """Without any contact it is a failure that is told, not an error."""
    made = {
        "event_source": envelope.source,
        "event_id": envelope.id,
        "template": notice.template,
        "case_id": found.case_id,
        "company_id": found.company_id,
        "programme_id": found.programme_id,
        "occurred_on": occurred_on,
        "data": notice.model_dump_json(),
        "cause": orjson.dumps(
            {name: value for name, value in correlation().items() if name in CARRIED}
        ).decode(),
        "expires_at": envelope.time + notice.deadline,
        "state": State.QUEUED.value if found.channels else State.FAILED.value,
        "reason": None if found.channels else NO_CONTACT,
    }
    channels = found.channels or CHANNELS
    ids = [uuid7() for _ in channels]
    await fetch(session, statements.MAKE, *made.values(), ids, list(channels))
    if not found.channels:
        rows = [made | {"id": id, "channel": channel} for id, channel in zip(ids, channels, strict=True)]
        await tell_of(session, rows)


# Queued messages leave.


class Claimed(NamedTuple):
    """A message that this sender alone has now, with its address; it is committed before it is handed over."""

    id: UUID
    template: str
    channel: Channel
    data: dict[str, Any]
    attempts: int
    expires_at: datetime
    address: str | None
    language: str
    traceparent: str | None


async def claim(session: AsyncSession, channel: str, limit: int) -> list[Claimed]:
    """The oldest that are due, at most one a case: the next one of a case waits until this one is settled."""
    rows = await mapped(session, statements.CLAIM, channel, limit)
    return [
        Claimed(
            row["id"],
            row["template"],
            row["channel"],
            orjson.loads(row["data"]),
            row["attempts"],
            row["expires_at"],
            row["address"],
            row["language"] or "ko",
            row["traceparent"],
        )
        for row in sorted(rows, key=itemgetter("position"))
    ]


async def settle(session: AsyncSession, moves: Mapping[UUID, Move]) -> None:
    """What a faster receipt has moved meanwhile is left as it is; what was given up too soon is known after all."""
    columns = zip(
        *((id, move.to.value, move.reason, move.reference, move.wait) for id, move in moves.items()),
        strict=True,
    )
    rows = await mapped(session, statements.SETTLE, *map(list, columns))
    await tell_of(session, rows)


async def give_up_lost(session: AsyncSession) -> int:
    """Claims whose sender is gone, and SMS without a receipt after three days, become unknown."""
    rows = await mapped(session, statements.GIVE_UP, CLAIM_LASTS, RECEIPT_LASTS, LOST, SILENT)
    await tell_of(session, rows)
    return len(rows)


async def mapped(session: AsyncSession, sql: str, *parameters: Any) -> list[Mapping[str, Any]]:
    return [row._mapping for row in await fetch(session, sql, *parameters)]


# Every state that ends something is told.


async def tell_of(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """In the order of their cases: two that tell at once lock the cases' streams in the same order."""
    for row in sorted(rows, key=lambda row: str(row["case_id"])):
        await tell_one(session, row, State(row["state"]))


async def tell_one(session: AsyncSession, row: Mapping[str, Any], state: State) -> None:
    MESSAGES.labels(row["channel"], state.value).inc()
    event = event_of(row, state)
    if event is not None:
        carried = row["cause"]  # a text in a row of SQL, a dict in one of the model
        with correlated(**(orjson.loads(carried) if isinstance(carried, str) else carried)):
            await emit(session, event)
