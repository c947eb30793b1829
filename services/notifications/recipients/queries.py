"""A company's contact, masked."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.recipients.domain import mask_email, mask_phone
from services.notifications.recipients.models import Recipient
from shared.database.transaction import Transaction
from shared.errors import NotFound


class RecipientView(BaseModel):
    company_id: UUID
    email: str | None
    phone: str | None
    language: str
    changed_at: datetime


async def masked(transaction: Transaction, company_id: UUID) -> RecipientView:
    recipient = await transaction.find(Recipient, company_id)
    if recipient is None:
        raise NotFound(
            "recipient_unknown",
            ko="이 기업의 연락처가 없습니다. 전자우편 주소나 휴대전화 번호를 먼저 등록하세요.",
            en="No contact is known for this company. Register an e-mail address or a mobile number first.",
        )
    return RecipientView(
        company_id=company_id,
        email=mask_email(recipient.email) if recipient.email else None,
        phone=mask_phone(recipient.phone) if recipient.phone else None,
        language=recipient.language,
        changed_at=recipient.changed_at,
    )
