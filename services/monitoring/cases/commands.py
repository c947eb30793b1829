"""Commands that keep the copies of cases in step with the events of applications."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.cases.models import CaseCopy
from shared.errors import PrerequisiteMissing


async def submit(session: AsyncSession, case_id: UUID, programme_id: str, company_id: UUID) -> None:
    session.add(CaseCopy(case_id=case_id, programme_id=programme_id, company_id=company_id))


async def select(session: AsyncSession, case_id: UUID, on: date) -> None:
    (await load(session, case_id)).selected_on = on


async def agree(session: AsyncSession, case_id: UUID, on: date) -> CaseCopy:
    case = await load(session, case_id)
    case.agreed_on = on
    return case


async def abandon(session: AsyncSession, case_id: UUID, on: date) -> None:
    (await load(session, case_id)).abandoned_on = on


async def load(session: AsyncSession, case_id: UUID) -> CaseCopy:
    """Return the case, locked until the commit. Raises PrerequisiteMissing while its application has not arrived."""
    case = await session.get(CaseCopy, case_id, with_for_update=True)
    if case is None:
        raise PrerequisiteMissing(
            "case_not_known_yet",
            ko=f"과제 {case_id}의 신청을 아직 모릅니다. 과제 번호를 확인하고 잠시 뒤 다시 보내세요.",
            en=f"The application of case {case_id} is not known here yet. Check its id, and try again in a moment.",
        )
    return case
