"""What is known of programmes."""

from datetime import date

from sqlalchemy import case
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.programmes.domain import Terms
from services.funding.programmes.models import ProgrammeVersion
from shared.errors import PrerequisiteMissing


async def terms(session: AsyncSession, programme_id: str, on: date) -> Terms:
    """The version in force on that day; before the first one, the first (a case from older records).

    Raises NotYet while no version of the programme has arrived.
    """
    version, in_force = col(ProgrammeVersion.version), col(ProgrammeVersion.holds_from) <= on
    found = await session.scalar(
        select(ProgrammeVersion)
        .where(col(ProgrammeVersion.programme_id) == programme_id)
        .order_by(in_force.desc(), case((in_force, -version), else_=version))
        .limit(1)
    )
    return _told(found, programme_id)


async def terms_of(session: AsyncSession, programme_id: str, version: int) -> Terms:
    """The version that holds for a case. Raises NotYet while it has not arrived."""
    return _told(await session.get(ProgrammeVersion, (programme_id, version)), f"{programme_id} v{version}")


def _told(found: ProgrammeVersion | None, what: str) -> Terms:
    if found is None:
        raise PrerequisiteMissing(
            "programme_unknown",
            ko=f"사업 {what}의 공고가 아직 도착하지 않았습니다. 사업 번호를 확인하고 잠시 뒤 다시 하세요.",
            en=f"Programme {what} has not arrived here yet. Check its id and try again shortly.",
        )
    return Terms.model_validate(found.terms)
