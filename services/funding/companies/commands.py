"""Commands on companies: lock one, record its suspension or closure. The caller commits."""

from datetime import date
from uuid import UUID

from services.funding.companies.models import Company
from shared.database.transaction import Lock, Transaction


async def lock(transaction: Transaction, company_id: UUID) -> Company:
    """Return the company's locked row, inserted if missing: a closure and a new agreement exclude each other."""
    await transaction.insert_if_new(Company(company_id=company_id))
    company = await transaction.find(Company, company_id, lock=Lock.UPDATE)
    assert company is not None
    return company


async def close(transaction: Transaction, company_id: UUID, state: str, on: date) -> None:
    company = await lock(transaction, company_id)
    company.state, company.since = state, on
    await transaction.update(company)
