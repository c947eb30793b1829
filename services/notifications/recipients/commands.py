"""Save and erase a company's contact."""

from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.recipients.domain import Language, require_address
from services.notifications.recipients.models import Recipient


async def save(
    session: AsyncSession, company_id: UUID, email: str | None, phone: str | None, language: Language
) -> None:
    """Replace the company's contact. Raises RuleBroken if it has neither e-mail address nor phone number."""
    require_address(email, phone)
    columns = {"email": email, "phone": phone, "language": language.value, "changed_at": func.now()}
    row = insert(Recipient).values(company_id=company_id, **columns)
    await session.execute(row.on_conflict_do_update(index_elements=["company_id"], set_=columns))


async def erase(session: AsyncSession, company_id: UUID) -> bool:
    """Delete the company's contact; return whether there was one. Messages still queued for it will fail."""
    erased = await session.scalar(
        delete(Recipient).where(col(Recipient.company_id) == company_id).returning(col(Recipient.company_id))
    )
    return erased is not None
