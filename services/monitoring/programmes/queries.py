"""Queries for the definition of a programme by day and by version."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.monitoring.programmes.models import DefinitionCopy
from shared.errors import PrerequisiteMissing
from shared.events.definition import Definition


async def definition_on(session: AsyncSession, programme_id: str, on: date) -> Definition:
    """Return the newest version that holds on the day. Raises PrerequisiteMissing where none has arrived."""
    newest = (
        select(DefinitionCopy.definition)
        .where(DefinitionCopy.programme_id == programme_id, col(DefinitionCopy.holds_from) <= on)
        .order_by(col(DefinitionCopy.version).desc())
        .limit(1)
    )
    return require_definition(
        await session.scalar(newest), programme_id, f"{on}에 시행 중인", f"that holds on {on}"
    )


async def definition_of(session: AsyncSession, programme_id: str, version: int) -> Definition:
    """Return that version. Raises PrerequisiteMissing while it has not arrived."""
    copy = await session.get(DefinitionCopy, (programme_id, version))
    return require_definition(copy and copy.definition, programme_id, f"{version}판", f"of version {version}")


def require_definition(definition: object, programme_id: str, ko: str, en: str) -> Definition:
    if definition is None:
        raise PrerequisiteMissing(
            "programme_not_known_yet",
            ko=f"{ko} {programme_id} 사업을 아직 모릅니다. 사업을 공고했는지 확인하고 잠시 뒤 다시 보내세요.",
            en=f"No definition of {programme_id} {en} is known here yet. Check that it is published, and try again.",
        )
    return Definition.model_validate(definition)
