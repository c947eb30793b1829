"""Use cases of companies: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog
from shared.database.keyed_rows import Lock
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.companies import domain
from services.applications.companies.models import Company, State
from shared.database import keyed_rows
from shared.database.engine import Executor
from shared.errors import NotFound, RuleBroken
from shared.messaging.outbox import emit

log = structlog.get_logger()


async def register(session: AsyncSession, registration: domain.Registration, on: date) -> UUID:
    """Register a company and return its id; RuleBroken names the existing company of that business number."""
    company, registered = domain.register(registration, on)
    if not await _insert_if_new(session, company):
        raise await _already_registered(session, registration.business_number)
    await emit(session, registered)
    return company.id


async def find_or_register(session: AsyncSession, registration: domain.Registration, on: date) -> Company:
    """Return the company of that business number, registered now where it was unknown.

    A registration that runs at the same time is waited for.
    """
    if (known := await find_by_number(session, registration.business_number)) is not None:
        return known
    company, registered = domain.register(registration, on)
    if await _insert_if_new(session, company):
        await emit(session, registered)
    stored = await find_by_number(session, registration.business_number)
    assert stored is not None
    return stored


async def find_all(session: AsyncSession, company_ids: Sequence[UUID]) -> dict[UUID, Company]:
    """Read companies by id, without locks."""
    companies = await session.scalars(select(Company).where(col(Company.id).in_(company_ids)))
    return {company.id: company for company in companies}


async def record_closure(session: AsyncSession, business_number: str, state: State, on: date) -> None:
    """Record a suspension or closure; the registry reports every business, so unregistered ones are skipped."""
    company = await find_by_number(session, business_number, lock=True)
    if company is None:
        log.info("company.not_registered", state=state)
    elif closed := domain.record_closure(company, state, on):
        await emit(session, closed)


async def load(session: Executor, company_id: UUID) -> Company:
    """Load a company with a shared lock: it stays open meanwhile, and may apply elsewhere; NotFound if unknown."""
    company = await keyed_rows.find(session, Company, company_id, lock=Lock.SHARE)
    if company is None:
        raise NotFound(
            "company_unknown",
            ko=f"등록되지 않은 기업입니다: {company_id}. 먼저 기업을 등록하세요.",
            en=f"There is no company {company_id}. Register it first.",
        )
    return company


async def find_by_number(session: AsyncSession, business_number: str, lock: bool = False) -> Company | None:
    statement = select(Company).where(Company.business_number == business_number)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def _insert_if_new(session: AsyncSession, company: Company) -> bool:
    """Insert unless the business number exists, waiting for concurrent registrations; return whether it was new."""
    row = insert(Company).values(company.model_dump()).on_conflict_do_nothing()
    return await session.scalar(row.returning(col(Company.id))) is not None


async def _already_registered(session: AsyncSession, business_number: str) -> RuleBroken:
    company = await find_by_number(session, business_number)
    assert company is not None
    return RuleBroken(
        "company_known",
        ko=f"이미 등록된 사업자등록번호입니다. 기업 번호 {company.id}을(를) 쓰세요.",
        en=f"This business number is registered already. Use the company id {company.id}.",
    )
