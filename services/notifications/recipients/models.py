"""Table of recipients: all personal data of the whole system."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, func
from sqlmodel import Field

from services.notifications.schema import Table


class Recipient(Table, table=True):
    """A company's contact: at most one e-mail address and one mobile number (E.164)."""

    company_id: UUID = Field(primary_key=True)
    email: str | None = None
    phone: str | None = None
    language: str = "ko"
    changed_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
