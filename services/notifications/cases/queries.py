"""A case as its messages need it, in one question."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.cases.domain import About, Name
from services.notifications.cases.models import Case, Company, Programme
from services.notifications.recipients.domain import channels_of
from services.notifications.recipients.models import Recipient
from shared.errors import NotYet

ABOUT = (
    select(Case, Programme, Company, Recipient)
    .outerjoin(Programme, col(Programme.programme_id) == col(Case.programme_id))
    .outerjoin(Company, col(Company.company_id) == col(Case.company_id))
    .outerjoin(Recipient, col(Recipient.company_id) == col(Case.company_id))
)


async def about(session: AsyncSession, case_id: UUID) -> About:
    """Raises NotYet while the event that names the case, its programme or its company is still on the way."""
    row = (await session.execute(ABOUT.where(col(Case.case_id) == case_id))).one_or_none()
    if row is None:
        raise not_yet("case", "과제", case_id)
    case, programme, company, recipient = row
    if programme is None:
        raise not_yet("programme", "사업", case.programme_id)
    if company is None:
        raise not_yet("company", "기업", case.company_id)
    return _read(case, programme, company, recipient)


def not_yet(what: str, what_ko: str, id: object) -> NotYet:
    return NotYet(
        f"{what}_not_known_yet",
        ko=f"{what_ko} {id}의 사건이 아직 오지 않았습니다. 오면 다시 처리합니다.",
        en=f"The event that names {what} {id} has not arrived yet. It is tried again when it has.",
    )


def _read(case: Case, programme: Programme, company: Company, recipient: Recipient | None) -> About:
    return About(
        **case.model_dump(exclude={"track"}),
        track_id=case.track,
        company=company.name_ko,
        programme=Name(ko=programme.name_ko, en=programme.name_en),
        programme_short=Name(ko=programme.short_ko, en=programme.short_en),
        office=Name(ko=programme.office_ko, en=programme.office_en),
        names=programme.names,
        channels=channels_of(recipient.email, recipient.phone) if recipient else [],
    )
