"""Commands that assign mentors and record their visits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.cases import commands as cases
from services.monitoring.cases.domain import require_award
from services.monitoring.mentors import domain
from services.monitoring.mentors.models import Assignment, Visit
from shared.messaging.outbox import emit


async def assign(session: AsyncSession, case_id: UUID, mentor_id: str, weeks: int, on: date) -> None:
    """Assign a mentor. The case stays locked, so its assignments are decided one after the other."""
    case = await cases.load(session, case_id)
    require_award(case, on)
    existing = await session.get(Assignment, (case_id, mentor_id))
    assignment, event = domain.assign(case, existing, mentor_id, weeks, on)
    session.add(assignment)
    await emit(session, event)


async def visit(session: AsyncSession, case_id: UUID, mentor_id: str, work: str, on: date) -> None:
    case = await cases.load(session, case_id)
    require_award(case, on)
    assignment = await session.get(Assignment, (case_id, mentor_id))
    existing = await session.get(Visit, (case_id, mentor_id, on))
    row, event = domain.visit(case, assignment, existing, mentor_id=mentor_id, work=work, on=on)
    session.add(row)
    await emit(session, event)
