"""HTTP: a company's contact is saved, shown masked, and erased."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict

from services.notifications.recipients import commands, queries
from services.notifications.recipients.domain import (
    Channel,
    Email,
    Language,
    Phone,
    channels_of,
    refuse_other_companies,
)
from services.notifications.recipients.queries import RecipientView
from shared.web.http import RequestTransaction, Router
from shared.web.identity import Actor, require_role

router = Router(prefix="/recipients", tags=["recipients"])

Writer = Annotated[Actor, Depends(require_role("officer", "company"))]
Reader = Annotated[Actor, Depends(require_role("officer", "operator", "auditor", "company"))]


class Contact(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Email | None = None
    phone: Phone | None = None
    language: Language = Language.KO


class ContactSaved(BaseModel):
    """Response without the contact, not even masked: it is stored under its Idempotency-Key, where no erasure reaches."""

    company_id: UUID
    channels: list[Channel]
    language: Language


class Erased(BaseModel):
    company_id: UUID
    erased: bool


@router.put("/{company_id}")
async def save(
    company_id: UUID, body: Contact, transaction: RequestTransaction, actor: Writer
) -> ContactSaved:
    """Replace the contact: e-mail address, mobile number, language of its messages (ko or en)."""
    refuse_other_companies(actor.id, actor.roles, company_id)
    await commands.save(transaction, company_id, body.email, body.phone, body.language)
    return ContactSaved(
        company_id=company_id,
        channels=channels_of(bool(body.email), bool(body.phone)),
        language=body.language,
    )


@router.get("/{company_id}")
async def show(company_id: UUID, transaction: RequestTransaction, actor: Reader) -> RecipientView:
    refuse_other_companies(actor.id, actor.roles, company_id)
    return await queries.masked(transaction, company_id)


@router.delete("/{company_id}")
async def erase(company_id: UUID, transaction: RequestTransaction, actor: Writer) -> Erased:
    """Erase the contact: the company gets no further messages."""
    refuse_other_companies(actor.id, actor.roles, company_id)
    return Erased(company_id=company_id, erased=await commands.erase(transaction, company_id))
