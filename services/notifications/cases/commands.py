"""Keep from events what messages name: the newest definition's names, the company's, the case's."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.cases.domain import names_of
from services.notifications.cases.models import Case, Company, Programme
from shared.events.applications import ApplicationSubmitted, CompanyRegistered, ProgrammePublished

DEFINED = {"name_ko", "name_en", "short_ko", "short_en", "office_ko", "office_en"}


async def name_programme(session: AsyncSession, event: ProgrammePublished) -> None:
    """An older version than the known one changes nothing."""
    texts = event.definition.model_dump(include=DEFINED)
    known = {"version": event.version, "names": names_of(event.definition), **texts}
    await session.execute(
        insert(Programme)
        .values(programme_id=event.programme_id, **known)
        .on_conflict_do_update(
            index_elements=["programme_id"], set_=known, where=col(Programme.version) < event.version
        )
    )


async def name_company(session: AsyncSession, event: CompanyRegistered) -> None:
    known = {"name_ko": event.name_ko}
    await session.execute(
        insert(Company)
        .values(company_id=event.company_id, **known)
        .on_conflict_do_update(index_elements=["company_id"], set_=known)
    )


async def open_case(session: AsyncSession, event: ApplicationSubmitted) -> None:
    fields = {"case_id", "programme_id", "company_id", "receipt_number", "track"}
    await session.execute(insert(Case).values(event.model_dump(include=fields)).on_conflict_do_nothing())
