"""What can be asked about companies: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.companies import domain
from services.applications.companies.models import Company, State
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.database.keyed_rows import Lock
from shared.errors import NotFound, RuleBroken
from shared.messaging.outbox import emit

log = structlog.get_logger()


async def register(session: AsyncSession, given: domain.Registration, on: date) -> UUID:
    """The new company's id; RuleBroken names the existing one where the number is known."""
    company, registered = domain.register(given, on)
    if not await _is_new(session, company):
        raise await _known(session, given.business_number)
    await emit(session, registered)
    return company.id


async def known_or_registered(session: AsyncSession, given: domain.Registration, on: date) -> Company:
    """Another system names the company; whoever registers it meanwhile is waited for."""
    if (known := await by_number(session, given.business_number)) is not None:
        return known
    company, registered = domain.register(given, on)
    if await _is_new(session, company):
        await emit(session, registered)
    found = await by_number(session, given.business_number)
    assert found is not None
    return found


async def of(session: AsyncSession, company_ids: Sequence[UUID]) -> dict[UUID, Company]:
    """Many at once, not locked."""
    keyed_rows = await session.scalars(select(Company).where(col(Company.id).in_(company_ids)))
    return {row.id: row for row in keyed_rows}


async def end(session: AsyncSession, business_number: str, state: State, on: date) -> None:
    """The registry tells of every business; those that never came to us are none of our concern."""
    company = await by_number(session, business_number, lock=True)
    if company is None:
        log.info("company.not_ours", state=state)
    elif closed := domain.end(company, state, on):
        await emit(session, closed)


async def load(session: Executor, company_id: UUID) -> Company:
    """Locked against being closed meanwhile, not against another application of it."""
    company = await keyed_rows.find(session, Company, company_id, lock=Lock.SHARE)
    if company is None:
        raise NotFound(
            "company_unknown",
            ko=f"등록되지 않은 기업입니다: {company_id}. 먼저 기업을 등록하세요.",
            en=f"There is no company {company_id}. Register it first.",
        )
    return company


async def by_number(session: AsyncSession, business_number: str, lock: bool = False) -> Company | None:
    found = select(Company).where(Company.business_number == business_number)
    return await session.scalar(found.with_for_update() if lock else found)


async def _is_new(session: AsyncSession, company: Company) -> bool:
    """Saved, unless the number is known; a registration that is under way elsewhere is waited for."""
    row = insert(Company).values(company.model_dump()).on_conflict_do_nothing()
    return await session.scalar(row.returning(col(Company.id))) is not None


async def _known(session: AsyncSession, business_number: str) -> RuleBroken:
    company = await by_number(session, business_number)
    assert company is not None
    return RuleBroken(
        "company_known",
        ko=f"이미 등록된 사업자등록번호입니다. 기업 번호 {company.id}을(를) 쓰세요.",
        en=f"This business number is registered already. Use the company id {company.id}.",
    )
