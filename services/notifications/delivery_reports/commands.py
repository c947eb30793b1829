"""Receipts move what was handed over; whatever tells nothing new is counted and left."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notifications.messages.commands import tell_one
from services.notifications.messages.domain import State, way
from services.notifications.messages.models import Message
from shared.values.calendar import now


class Receipt(NamedTuple):
    """What a provider says later: our id of the message or its own, whether it arrived, and why not."""

    message_id: UUID | None
    reference: str
    delivered: bool
    reason: str


async def receive(session: AsyncSession, receipts: Sequence[Receipt]) -> Counter[str]:
    """How many told something new, by state; `ignored` are repeated, contradictory or of no message of ours."""
    found = await messages_of(session, receipts)
    counts: Counter[str] = Counter()
    told: list[tuple[dict[str, Any], State]] = []
    for receipt in receipts:
        message = found.get(receipt.message_id) or found.get(receipt.reference)
        states = take(message, receipt) if message else []
        counts[states[-1].value if states else "ignored"] += 1
        told += [(message.model_dump(), state) for state in states if message]
    await session.flush()
    for row, state in sorted(told, key=lambda one: str(one[0]["case_id"])):
        await tell_one(session, row, state)
    return counts


async def messages_of(session: AsyncSession, receipts: Sequence[Receipt]) -> dict[UUID | str | None, Message]:
    ids = [receipt.message_id for receipt in receipts if receipt.message_id]
    references = [receipt.reference for receipt in receipts if receipt.reference]
    ours = or_(col(Message.id).in_(ids), col(Message.provider_reference).in_(references))
    rows = await session.scalars(
        select(Message).where(ours, col(Message.channel) == "sms").order_by(col(Message.id)).with_for_update()
    )
    found: dict[UUID | str | None, Message] = {}
    for message in rows:
        found[message.id] = message
        if message.provider_reference:
            found[message.provider_reference] = message
    return found


def take(message: Message, receipt: Receipt) -> list[State]:
    to = State.DELIVERED if receipt.delivered else State.FAILED
    states = way(State(message.state), to)
    if states:
        message.state, message.changed_at, message.claimed_at = to.value, now(), None
        message.reason = None if receipt.delivered else receipt.reason
        message.provider_reference = message.provider_reference or receipt.reference
    return states
