"""Commands on companies: lock one, record its suspension or closure. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.companies.models import Company


async def lock(session: AsyncSession, company_id: UUID) -> Company:
    """Return the company's locked row, inserted if missing: a closure and a new agreement exclude each other."""
    await session.execute(insert(Company).values(company_id=company_id).on_conflict_do_nothing())
    return await session.get_one(Company, company_id, with_for_update=True, populate_existing=True)


async def close(session: AsyncSession, company_id: UUID, state: str, on: date) -> Company:
    company = await lock(session, company_id)
    company.state, company.since = state, on
    return company
