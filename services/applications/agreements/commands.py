"""Use cases of agreements: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from services.applications.agreements import domain
from services.applications.agreements.models import Agreement
from services.applications.awards import commands as awards
from services.applications.awards.domain import relinquish, require_award
from services.applications.awards.models import Award
from services.applications.cases import commands as cases
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_closed, refuse_other_company
from services.applications.programmes import queries as programmes
from shared.database.transaction import Lock, Transaction
from shared.messaging.outbox import emit
from shared.values.money import Funder


async def sign(
    transaction: Transaction, case_id: UUID, terms: domain.AgreementTerms, on: date
) -> dict[Funder, int]:
    """Sign the agreement of a selected case; return the exact shares (won) by funder."""
    case = await cases.load(transaction, case_id)
    domain.refuse_second_agreement(await transaction.find(Agreement, case_id))
    award = require_award(await transaction.find(Award, case_id, lock=Lock.UPDATE))
    refuse_closed(await companies.load(transaction, case.company_id))
    definition = await programmes.definition(transaction, case.programme_id, case.version)
    agreement, signed = domain.sign(case, award, definition, terms, on)
    await transaction.insert(agreement)
    await emit(transaction, signed)
    return signed.shares_krw


async def abandon(
    transaction: Transaction, case_id: UUID, reason: str, on: date, acting_for: str | None
) -> UUID | None:
    """Abandon a case; return the id of the case promoted from the waiting list, None without one."""
    case = await cases.load(transaction, case_id)
    refuse_other_company(case.company_id, acting_for)
    award = domain.require_decision(await transaction.find(Award, case_id, lock=Lock.UPDATE))
    was_selected = relinquish(award, on)
    agreement = await transaction.find(Agreement, case_id, lock=Lock.UPDATE)
    abandonment, abandoned = domain.abandon(case, agreement, reason, on)
    await transaction.update(award)
    if agreement is not None:
        await transaction.update(agreement)
    await transaction.insert(abandonment)
    await emit(transaction, abandoned)
    return await awards.promote_next(transaction, award, case, on) if was_selected else None
