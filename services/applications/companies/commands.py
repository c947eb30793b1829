"""Use cases of companies: load, decide, save, emit. The caller commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import ARRAY, Uuid, any_, bindparam
from sqlmodel import col, select

from services.applications.companies import domain
from services.applications.companies.models import Company, State
from shared.database.transaction import Lock, Query, Transaction
from shared.errors import NotFound, RuleBroken
from shared.messaging.outbox import emit

log = structlog.get_logger()

ID_BY_NUMBER = "select id from company where business_number = $1"
BY_ID = Query(select(Company).where(col(Company.id) == any_(bindparam("ids", type_=ARRAY(Uuid)))))


async def register(transaction: Transaction, registration: domain.Registration, on: date) -> UUID:
    """Register a company and return its id; RuleBroken names the existing company of that business number."""
    company, registered = domain.register(registration, on)
    if not await transaction.insert_if_new(company):
        raise _already_registered(await transaction.value(ID_BY_NUMBER, registration.business_number))
    await emit(transaction, registered)
    return company.id


async def find_or_register(transaction: Transaction, registration: domain.Registration, on: date) -> Company:
    """Return the company of that business number, registered now where it was unknown.

    A registration that runs at the same time is waited for.
    """
    if (known := await find_by_number(transaction, registration.business_number)) is not None:
        return known
    company, registered = domain.register(registration, on)
    if await transaction.insert_if_new(company):
        await emit(transaction, registered)
        return company
    stored = await find_by_number(transaction, registration.business_number)
    assert stored is not None
    return stored


async def find_all(transaction: Transaction, company_ids: Sequence[UUID]) -> dict[UUID, Company]:
    """Read companies by id, without locks."""
    companies = await transaction.all(BY_ID, ids=company_ids)
    return {company.id: company for company in companies}


async def record_closure(transaction: Transaction, business_number: str, state: State, on: date) -> None:
    """Record a suspension or closure; the registry reports every business, so unregistered ones are skipped."""
    company = await find_by_number(transaction, business_number, Lock.UPDATE)
    if company is None:
        log.info("company.not_registered", state=state)
    elif closed := domain.record_closure(company, state, on):
        await transaction.update(company)
        await emit(transaction, closed)


async def load(transaction: Transaction, company_id: UUID) -> Company:
    """Load a company with a shared lock: it stays open meanwhile, and may apply elsewhere; NotFound if unknown."""
    company = await transaction.find(Company, company_id, lock=Lock.SHARE)
    if company is None:
        raise NotFound(
            "company_unknown",
            ko=f"등록되지 않은 기업입니다: {company_id}. 먼저 기업을 등록하세요.",
            en=f"There is no company {company_id}. Register it first.",
        )
    return company


async def find_by_number(
    transaction: Transaction, business_number: str, lock: Lock = Lock.NONE
) -> Company | None:
    company_id = await transaction.value(ID_BY_NUMBER, business_number)
    return await transaction.find(Company, company_id, lock=lock)


def _already_registered(company_id: UUID) -> RuleBroken:
    return RuleBroken(
        "company_known",
        ko=f"이미 등록된 사업자등록번호입니다. 기업 번호 {company_id}을(를) 쓰세요.",
        en=f"This business number is registered already. Use the company id {company_id}.",
    )
