"""Inbox: ids of the events that a service has handled, so that a second delivery finds the first. It never expires."""

from hashlib import sha256

from sqlmodel import Field

from shared.database.tables import SharedTable
from shared.database.transaction import Transaction
from shared.errors import RuleBroken
from shared.messaging.cloudevents import Envelope


class InboxEntry(SharedTable, table=True):
    """One handled event: its source and id, and the digest of its type and data."""

    __tablename__ = "inbox"

    source: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    digest: bytes


CLAIM = "insert into inbox (source, id, digest) values ($1, $2, $3) on conflict do nothing returning 1"


async def is_first_delivery(transaction: Transaction, envelope: Envelope, data: bytes) -> bool:
    """Claim the event in the caller's transaction; return False if it is claimed already.

    Raises RuleBroken where the same id was used for other content before.
    """
    digest = sha256(envelope.type.encode() + b"\n" + data).digest()
    if await transaction.fetch(CLAIM, envelope.source, envelope.id, digest):
        return True
    known = await transaction.find(InboxEntry, envelope.source, envelope.id)
    if known is None or known.digest != digest:
        raise RuleBroken(
            "same_id_other_content",
            ko=f"{envelope.source}이(가) 같은 사건 번호 {envelope.id}로 다른 내용을 보냈습니다. 처음 것만 반영했습니다. 새 번호로 다시 보내세요.",
            en=f"{envelope.source} sent other content under the id {envelope.id}. Only the first was applied; send it with a new id.",
        )
    return False


async def is_handled(transaction: Transaction, envelope: Envelope) -> bool:
    """Return whether the event was handled before."""
    return await transaction.find(InboxEntry, envelope.source, envelope.id) is not None
