"""Use cases of awards: load, decide, save, emit. The caller commits."""

from datetime import date
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.awards import domain
from services.applications.awards.models import Award, Outcome
from services.applications.cases.models import Case
from services.applications.companies.models import Company, State
from shared.messaging.outbox import emit


async def find(session: AsyncSession, case_id: UUID) -> Award | None:
    return await session.get(Award, case_id, with_for_update=True)


async def count_selected(session: AsyncSession, round_id: str) -> int:
    statement = select(func.count()).select_from(Award).where(Award.round_id == round_id)
    return int(await session.scalar(statement.where(Award.status == Outcome.SELECTED)) or 0)


async def promote_next(
    session: AsyncSession, relinquished: Award, predecessor: Case, on: date
) -> UUID | None:
    """Promote the next open company on the waiting list of the same track; return its case id, None without one.

    Its row is locked: a concurrent promotion waits, finds it selected, and takes the following one.
    """
    statement = (
        select(Award, Case)
        .join(Case, col(Case.id) == Award.case_id)
        .join(Company, col(Company.id) == Case.company_id)
        .where(Award.round_id == relinquished.round_id, Award.quota_key == relinquished.quota_key)
        .where(Award.status == Outcome.RESERVED, Company.state == State.OPEN)
        .order_by(col(Award.rank))
        .limit(1)
        .with_for_update(of=Award)
    )
    if (next_in_reserve := (await session.execute(statement)).first()) is None:
        return None
    award, case = next_in_reserve
    await emit(session, domain.promote_from_waiting_list(award, case, predecessor, on))
    return award.case_id
