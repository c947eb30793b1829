"""Queries for the funding terms of programmes."""

from datetime import date

from sqlalchemy import case
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.funding.programmes.domain import FundingTerms, programme_not_arrived
from services.funding.programmes.models import ProgrammeVersion
from services.funding.schema import require


async def terms_on(session: AsyncSession, programme_id: str, on: date) -> FundingTerms:
    """Return the terms in force on that date; before the first version, the first's (cases from older systems).

    Raises PrerequisiteMissing while no version of the programme has arrived.
    """
    version, in_force = col(ProgrammeVersion.version), col(ProgrammeVersion.holds_from) <= on
    row = await session.scalar(
        select(ProgrammeVersion)
        .where(col(ProgrammeVersion.programme_id) == programme_id)
        .order_by(in_force.desc(), case((in_force, -version), else_=version))
        .limit(1)
    )
    return _terms(row, programme_id)


async def terms_of_version(session: AsyncSession, programme_id: str, version: int) -> FundingTerms:
    """Return the terms of one version. Raises PrerequisiteMissing while it has not arrived."""
    row = await session.get(ProgrammeVersion, (programme_id, version))
    return _terms(row, f"{programme_id} v{version}")


def _terms(row: ProgrammeVersion | None, name: str) -> FundingTerms:
    return FundingTerms.model_validate(require(row, programme_not_arrived(name)).terms)
