"""What a case was told, and how that went: never an address."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.messages.models import Message
from services.notifications.recipients.domain import Language
from services.notifications.templates.notices import NOTICES
from services.notifications.templates.rendering import mail


class MessageView(BaseModel):
    """`reason`: why it failed, waits or is unknown."""

    message_id: UUID
    case_id: UUID
    template: str
    channel: str
    state: str
    subject_ko: str
    subject_en: str
    reason: str | None
    provider_reference: str | None
    attempts: int
    occurred_on: date
    made_at: datetime
    changed_at: datetime


class Messages(BaseModel):
    messages: list[MessageView]


async def of_case(session: AsyncSession, case_id: UUID) -> Messages:
    """In the order in which they were made."""
    rows = await session.scalars(
        select(Message).where(col(Message.case_id) == case_id).order_by(col(Message.position))
    )
    return Messages(messages=[_view(row) for row in rows])


def _view(row: Message) -> MessageView:
    shown: dict[str, Any] = row.model_dump(include=set(MessageView.model_fields))
    notice = NOTICES[row.template].model_validate(row.data)
    subjects = {f"subject_{language}": mail(notice, language).subject for language in Language}
    return MessageView(message_id=row.id, **subjects, **shown)
