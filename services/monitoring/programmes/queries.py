"""Which definition holds on a day."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.monitoring.programmes.models import KnownDefinition
from shared.errors import NotYet
from shared.events.definition import Definition


async def definition_on(session: AsyncSession, programme_id: str, on: date) -> Definition:
    """The newest version that holds on the day. Raises NotYet where none is known here."""
    newest = (
        select(KnownDefinition.definition)
        .where(KnownDefinition.programme_id == programme_id, col(KnownDefinition.holds_from) <= on)
        .order_by(col(KnownDefinition.version).desc())
        .limit(1)
    )
    found = await session.scalar(newest)
    if found is None:
        raise NotYet(
            "programme_not_known_yet",
            ko=f"{on}에 시행 중인 {programme_id} 사업을 아직 모릅니다. 사업을 공고했는지 확인하고 잠시 뒤 다시 보내세요.",
            en=f"No definition of {programme_id} that holds on {on} is known here yet. Check that it is published, and try again.",
        )
    return Definition.model_validate(found)
