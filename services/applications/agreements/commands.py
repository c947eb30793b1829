"""Use cases of agreements: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.agreements import domain
from services.applications.agreements.models import Agreement
from services.applications.awards import commands as awards
from services.applications.awards.domain import relinquish, require_award
from services.applications.cases import commands as cases
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_closed, refuse_other_company
from services.applications.programmes import queries as programmes
from shared.messaging.outbox import emit
from shared.values.money import Funder


async def sign(
    session: AsyncSession, case_id: UUID, terms: domain.AgreementTerms, on: date
) -> dict[Funder, int]:
    """Sign the agreement of a selected case; return the exact shares (won) by funder."""
    case = await cases.load(session, case_id)
    domain.refuse_second_agreement(await session.get(Agreement, case_id))
    award = require_award(await awards.find(session, case_id))
    refuse_closed(await companies.load(session, case.company_id))
    definition = await programmes.definition(session, case.programme_id, case.version)
    agreement, signed = domain.sign(case, award, definition, terms, on)
    session.add(agreement)
    await emit(session, signed)
    return signed.shares_krw


async def abandon(
    session: AsyncSession, case_id: UUID, reason: str, on: date, acting_for: str | None
) -> UUID | None:
    """Abandon a case; return the id of the case promoted from the waiting list, None without one."""
    case = await cases.load(session, case_id)
    refuse_other_company(case.company_id, acting_for)
    award = domain.require_decision(await awards.find(session, case_id))
    was_selected = relinquish(award, on)
    agreement = await session.get(Agreement, case_id, with_for_update=True)
    row, abandoned = domain.abandon(case, agreement, reason, on)
    session.add(row)
    await emit(session, abandoned)
    return await awards.promote_next(session, award, case, on) if was_selected else None
