"""What can be asked about places: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.awards import domain
from services.applications.awards.models import Outcome, Place
from services.applications.cases.models import Case
from services.applications.companies.models import Company, State
from shared.messaging.outbox import emit


async def find(session: AsyncSession, case_id: UUID) -> Place | None:
    return await session.get(Place, case_id, with_for_update=True)


async def taken(session: AsyncSession, round_id: str) -> int:
    held = select(func.count()).select_from(Place).where(Place.round_id == round_id)
    return int(await session.scalar(held.where(Place.status == Outcome.SELECTED)) or 0)


async def promote_next(session: AsyncSession, freed: Place, followed: Case, on: date) -> UUID | None:
    """The next of the same track's reserve whose business is open.

    Its row is locked: who gives up at the same time waits, finds it taken, and goes on to the one after it.
    """
    waiting = (
        select(Place, Case)
        .join(Case, col(Case.id) == Place.case_id)
        .join(Company, col(Company.id) == Case.company_id)
        .where(Place.round_id == freed.round_id, Place.quota_key == freed.quota_key)
        .where(Place.status == Outcome.RESERVED, Company.state == State.OPEN)
        .order_by(col(Place.rank))
        .limit(1)
        .with_for_update(of=Place)
    )
    if (found := (await session.execute(waiting)).first()) is None:
        return None
    place, case = found
    await emit(session, domain.promote(place, case, followed, on))
    return place.case_id
