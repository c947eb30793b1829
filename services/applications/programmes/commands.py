"""Use cases of programmes: load, decide, save, emit. The caller commits."""

from datetime import date

from services.applications.programmes import domain
from services.applications.programmes.models import Programme
from shared.database.transaction import Lock, Transaction
from shared.events.definition import Definition, Proposal
from shared.messaging.outbox import emit


async def publish(transaction: Transaction, definition: Definition, on: date) -> int:
    """Publish a definition and return its version number."""
    programme = await _insert_and_lock(transaction, definition.programme_id)
    version, published = domain.publish(programme, definition, on)
    await transaction.update(programme)
    await transaction.insert(version)
    await emit(transaction, published)
    return published.version


async def propose(transaction: Transaction, proposal: Proposal, on: date) -> None:
    programme = await transaction.find(Programme, proposal.programme_id)
    draft, proposed = domain.propose(programme, proposal, on)
    await transaction.insert(draft)
    await emit(transaction, proposed)


async def _insert_and_lock(transaction: Transaction, programme_id: str) -> Programme:
    """Lock the programme's row, inserted where it is new: of two concurrent publications the second waits here."""
    await transaction.insert_if_new(Programme(id=programme_id))
    programme = await transaction.find(Programme, programme_id, lock=Lock.UPDATE)
    assert programme is not None
    return programme
