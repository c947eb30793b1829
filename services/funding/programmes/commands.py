"""What can be asked about programmes: to keep what a version says. The caller commits."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.programmes import domain
from services.funding.programmes.models import ProgrammeVersion
from shared.errors import RuleBroken
from shared.events.definition import Definition


async def keep(session: AsyncSession, definition: Definition, version: int, on: date) -> None:
    """Raises RuleBroken for a version that is known with other terms."""
    terms = domain.terms_of(definition).model_dump(mode="json")
    known = await session.get(ProgrammeVersion, (definition.programme_id, version))
    if known is None:
        session.add(
            ProgrammeVersion(
                programme_id=definition.programme_id, version=version, holds_from=on, terms=terms
            )
        )
    elif known.terms != terms:
        raise RuleBroken(
            "version_contradicts",
            ko=f"{definition.programme_id} {version}판이 이미 다른 내용으로 있습니다. 새 판 번호로 공고하세요.",
            en=f"Version {version} of {definition.programme_id} is known with other terms. Publish a new version.",
        )
