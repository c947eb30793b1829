"""Reads of cases; they change nothing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.applications.cases.models import Case, Screening
from shared.errors import NotFound


async def case(session: AsyncSession, case_id: UUID) -> Case:
    row = await session.get(Case, case_id)
    if row is None:
        raise not_found(case_id)
    return row


async def list_by_company(session: AsyncSession, company_id: UUID) -> Sequence[Case]:
    statement = (
        select(Case).where(Case.company_id == company_id).order_by(col(Case.submitted_on), col(Case.id))
    )
    return list(await session.scalars(statement))


async def screening_reasons(session: AsyncSession, case_id: UUID) -> list[str]:
    """Return the reasons for which the screening found the application ineligible."""
    row = await session.get(Screening, case_id)
    return row.reasons if row else []


def not_found(case_id: UUID) -> NotFound:
    return NotFound(
        "case_unknown",
        ko=f"과제 {case_id}이(가) 없습니다. 과제 번호를 확인하세요.",
        en=f"There is no case {case_id}. Check its id.",
    )
