"""What can be asked about agreements: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.agreements import domain
from services.applications.agreements.models import Agreement
from services.applications.awards import commands as places
from services.applications.awards.domain import give_up, refuse_without_place
from services.applications.cases import commands as cases
from services.applications.companies import commands as companies
from services.applications.companies.domain import refuse_closed, refuse_stranger
from services.applications.programmes import queries as programmes
from shared.messaging.outbox import emit
from shared.values.money import Funder


async def sign(session: AsyncSession, case_id: UUID, deal: domain.Deal, on: date) -> dict[Funder, int]:
    """The exact shares (won) by funder."""
    case = await cases.load(session, case_id)
    domain.refuse_again(await session.get(Agreement, case_id))
    place = refuse_without_place(await places.find(session, case_id))
    refuse_closed(await companies.load(session, case.company_id))
    terms = await programmes.definition(session, case.programme_id, case.version)
    agreement, signed = domain.sign(case, place, terms, deal, on)
    session.add(agreement)
    await emit(session, signed)
    return signed.shares_krw


async def abandon(
    session: AsyncSession, case_id: UUID, reason: str, on: date, acting_for: str | None
) -> UUID | None:
    """The case that takes the place, if there is one in reserve."""
    case = await cases.load(session, case_id)
    refuse_stranger(case.company_id, acting_for)
    place = domain.refuse_undecided(await places.find(session, case_id))
    held = give_up(place, on)
    agreement = await session.get(Agreement, case_id, with_for_update=True)
    row, abandoned = domain.abandon(case, agreement, reason, on)
    session.add(row)
    await emit(session, abandoned)
    return await places.promote_next(session, place, case, on) if held else None
