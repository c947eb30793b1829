"""Which definition holds on a day."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.monitoring.programmes.models import KnownDefinition
from shared.errors import PrerequisiteMissing
from shared.events.definition import Definition


async def definition_on(session: AsyncSession, programme_id: str, on: date) -> Definition:
    """The newest version that holds on the day. Raises NotYet where none is known here."""
    newest = (
        select(KnownDefinition.definition)
        .where(KnownDefinition.programme_id == programme_id, col(KnownDefinition.holds_from) <= on)
        .order_by(col(KnownDefinition.version).desc())
        .limit(1)
    )
    return _known(await session.scalar(newest), programme_id, f"{on}에 시행 중인", f"that holds on {on}")


async def definition_of(session: AsyncSession, programme_id: str, version: int) -> Definition:
    """The version that holds for a case. Raises NotYet while it has not arrived."""
    found = await session.get(KnownDefinition, (programme_id, version))
    return _known(found and found.definition, programme_id, f"{version}판", f"of version {version}")


def _known(found: object, programme_id: str, ko: str, en: str) -> Definition:
    if found is None:
        raise PrerequisiteMissing(
            "programme_not_known_yet",
            ko=f"{ko} {programme_id} 사업을 아직 모릅니다. 사업을 공고했는지 확인하고 잠시 뒤 다시 보내세요.",
            en=f"No definition of {programme_id} {en} is known here yet. Check that it is published, and try again.",
        )
    return Definition.model_validate(found)
