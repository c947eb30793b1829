"""Save and erase a company's contact."""

from uuid import UUID

from services.notifications.recipients.domain import Language, require_address
from services.notifications.recipients.models import Recipient
from shared.database.transaction import Transaction

ERASE = "delete from recipient where company_id = $1 returning company_id"


async def save(
    transaction: Transaction, company_id: UUID, email: str | None, phone: str | None, language: Language
) -> None:
    """Replace the company's contact. Raises RuleBroken if it has neither e-mail address nor phone number."""
    require_address(email, phone)
    await transaction.replace(
        Recipient(company_id=company_id, email=email, phone=phone, language=language.value)
    )


async def erase(transaction: Transaction, company_id: UUID) -> bool:
    """Delete the company's contact; return whether there was one. Messages still queued for it will fail."""
    return await transaction.value(ERASE, company_id) is not None
