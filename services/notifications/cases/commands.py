"""Save the names that messages use, from events: of programmes, companies and cases."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.cases.domain import names_of
from services.notifications.cases.models import Case, Company, Programme
from shared.events.applications import ApplicationSubmitted, CompanyRegistered, ProgrammePublished

NAME_FIELDS = {"name_ko", "name_en", "short_ko", "short_en", "office_ko", "office_en"}


async def save_programme_names(session: AsyncSession, event: ProgrammePublished) -> None:
    """Upsert the names of a programme's definition, unless the stored version is as new or newer."""
    names = event.definition.model_dump(include=NAME_FIELDS)
    columns = {"version": event.version, "names": names_of(event.definition), **names}
    await session.execute(
        insert(Programme)
        .values(programme_id=event.programme_id, **columns)
        .on_conflict_do_update(
            index_elements=["programme_id"], set_=columns, where=col(Programme.version) < event.version
        )
    )


async def save_company_name(session: AsyncSession, event: CompanyRegistered) -> None:
    columns = {"name_ko": event.name_ko}
    await session.execute(
        insert(Company)
        .values(company_id=event.company_id, **columns)
        .on_conflict_do_update(index_elements=["company_id"], set_=columns)
    )


async def save_case(session: AsyncSession, event: ApplicationSubmitted) -> None:
    fields = {"case_id", "programme_id", "company_id", "receipt_number", "track"}
    await session.execute(insert(Case).values(event.model_dump(include=fields)).on_conflict_do_nothing())
