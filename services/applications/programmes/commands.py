"""Use cases of programmes: load, decide, save, emit. The caller commits."""

from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.applications.programmes import domain
from services.applications.programmes.models import Programme
from shared.events.definition import Definition, Proposal
from shared.messaging.outbox import emit


async def publish(session: AsyncSession, definition: Definition, on: date) -> int:
    """Publish a definition and return its version number."""
    programme = await _insert_and_lock(session, definition.programme_id)
    version, published = domain.publish(programme, definition, on)
    session.add(version)
    await emit(session, published)
    return published.version


async def propose(session: AsyncSession, proposal: Proposal, on: date) -> None:
    programme = await session.get(Programme, proposal.programme_id)
    draft, proposed = domain.propose(programme, proposal, on)
    session.add(draft)
    await emit(session, proposed)


async def lock(session: AsyncSession, programme_id: str) -> Programme | None:
    return await session.get(Programme, programme_id, with_for_update=True)


async def _insert_and_lock(session: AsyncSession, programme_id: str) -> Programme:
    """Lock the programme's row, inserted where it is new: of two concurrent publications the second waits here."""
    await session.execute(insert(Programme).values(id=programme_id, version=0).on_conflict_do_nothing())
    programme = await lock(session, programme_id)
    assert programme is not None
    return programme
