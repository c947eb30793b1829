"""Table of messages: template, fields, channel and state. It holds no address."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notifications.schema import Table


class Message(Table, table=True):
    """A message through one channel. `data`: the template's fields; `position`: order within a case and channel.

    `due_at`: not sent before; `expires_at`: not sent after; `claimed_at`: when a sender claimed it. `problem`: the code of
    why it failed, waits or is unknown; `reason`: the provider's own words for it, or our sentence of before there were codes.
    """

    __table_args__ = (UniqueConstraint("event_source", "event_id", "template", "channel"),)

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), unique=True, nullable=False)
    )
    event_source: str
    event_id: str
    template: str
    channel: str
    case_id: UUID
    company_id: UUID
    programme_id: str
    occurred_on: date
    data: dict[str, Any] = Field(sa_type=JSONB)
    cause: dict[str, str] = Field(sa_type=JSONB)
    state: str
    problem: str | None = None
    provider_code: str | None = None
    reason: str | None = None
    provider_reference: str | None = None
    attempts: int = 0
    made_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    due_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    claimed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    changed_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
