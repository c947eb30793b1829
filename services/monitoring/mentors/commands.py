"""Assigns mentors and records their visits."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.cases import commands as cases
from services.monitoring.cases.domain import require_place
from services.monitoring.mentors import domain
from services.monitoring.mentors.models import Assignment, Visit
from shared.messaging.outbox import emit


async def assign(session: AsyncSession, case_id: UUID, mentor_id: str, weeks: int, on: date) -> None:
    """The case is locked meanwhile: its mentors are decided on one after the other."""
    case = await cases.load(session, case_id)
    require_place(case, on)
    known = await session.get(Assignment, (case_id, mentor_id))
    assignment, event = domain.assign(case, known, mentor_id, weeks, on)
    session.add(assignment)
    await emit(session, event)


async def visit(session: AsyncSession, case_id: UUID, mentor_id: str, work: str, on: date) -> None:
    case = await cases.load(session, case_id)
    require_place(case, on)
    assignment = await session.get(Assignment, (case_id, mentor_id))
    known = await session.get(Visit, (case_id, mentor_id, on))
    row, event = domain.visit(case, assignment, known, mentor_id=mentor_id, work=work, on=on)
    session.add(row)
    await emit(session, event)
