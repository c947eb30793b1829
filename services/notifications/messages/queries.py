"""Messages of a case, without any address, and counts of queued and unknown messages for the metrics."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import col, select

from services.notifications.messages.domain import CHANNELS, EVENT_OF_STATE
from services.notifications.messages.models import Message
from services.notifications.recipients.domain import Language
from services.notifications.templates import words
from services.notifications.templates.notices import NOTICES
from services.notifications.templates.rendering import render_email
from shared.database.transaction import Query, Transaction
from shared.observability.metrics import MESSAGES, MESSAGES_OLDEST, MESSAGES_QUEUED, MESSAGES_UNKNOWN

OF_CASE = Query(
    select(Message).where(col(Message.case_id) == bindparam("case_id")).order_by(col(Message.position))
)
QUEUED_AND_UNKNOWN = """
    select channel, count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'unknown') as unknown,
           coalesce(extract(epoch from clock_timestamp() - min(made_at) filter (where state = 'queued')), 0) as oldest
    from message where state in ('queued', 'unknown') group by channel
"""


class MessageView(BaseModel):
    """A message as shown. `problem`: why it failed, waits or is unknown; `reason`: the provider's own words for it."""

    message_id: UUID
    case_id: UUID
    template: str
    channel: str
    state: str
    subject_ko: str
    subject_en: str
    problem: str | None
    problem_ko: str | None
    problem_en: str | None
    provider_code: str | None
    reason: str | None
    provider_reference: str | None
    attempts: int
    occurred_on: date
    made_at: datetime
    changed_at: datetime


class Messages(BaseModel):
    messages: list[MessageView]


async def of_case(transaction: Transaction, case_id: UUID) -> Messages:
    """Return the case's messages in the order of their creation."""
    messages = await transaction.all(OF_CASE, case_id=case_id)
    return Messages(messages=[_view(message) for message in messages])


async def measure(transaction: Transaction) -> None:
    """Set the gauges of both channels, 0 where there is nothing: an increase from an absent series is invisible."""
    rows = {row.channel: row for row in await transaction.fetch(QUEUED_AND_UNKNOWN)}
    for channel in CHANNELS:
        row = rows.get(channel)
        MESSAGES_QUEUED.labels(channel).set(row.queued if row else 0)
        MESSAGES_OLDEST.labels(channel).set(row.oldest if row else 0)
        MESSAGES_UNKNOWN.labels(channel).set(row.unknown if row else 0)
        for state in EVENT_OF_STATE:
            MESSAGES.labels(channel, state.value)


def _view(row: Message) -> MessageView:
    columns: dict[str, Any] = row.model_dump(include=set(MessageView.model_fields))
    notice = NOTICES[row.template].model_validate(row.data)
    subjects = {f"subject_{language}": render_email(notice, language).subject for language in Language}
    problems = {
        f"problem_{language}": row.problem and words.problem(row.problem, language) for language in Language
    }
    return MessageView(message_id=row.id, **subjects, **problems, **columns)
