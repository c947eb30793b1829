"""Keep and erase a company's contact."""

from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.recipients.domain import Language, refuse_unreachable
from services.notifications.recipients.models import Recipient


async def keep(
    session: AsyncSession, company_id: UUID, email: str | None, phone: str | None, language: Language
) -> None:
    """What was known before is replaced. Raises RuleBroken where nothing is given."""
    refuse_unreachable(email, phone)
    given = {"email": email, "phone": phone, "language": language.value, "changed_at": func.now()}
    row = insert(Recipient).values(company_id=company_id, **given)
    await session.execute(row.on_conflict_do_update(index_elements=["company_id"], set_=given))


async def erase(session: AsyncSession, company_id: UUID) -> bool:
    """Whether there was something to erase. Messages that still wait for it will fail, saying why."""
    erased = await session.scalar(
        delete(Recipient).where(col(Recipient.company_id) == company_id).returning(col(Recipient.company_id))
    )
    return erased is not None
