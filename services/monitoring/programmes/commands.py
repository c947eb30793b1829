"""Command that stores published definitions."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.programmes.models import DefinitionCopy
from shared.events.definition import Definition


async def save_definition(session: AsyncSession, definition: Definition, version: int, on: date) -> None:
    data = definition.model_dump(mode="json", exclude_none=True)
    copy = DefinitionCopy(
        programme_id=definition.programme_id, version=version, holds_from=on, definition=data
    )
    await session.merge(copy)
