"""Apply delivery reports to sent messages, and emit an event for each new state."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import any_, bindparam, or_
from sqlmodel import col, select

from services.notifications.messages.commands import emit_event
from services.notifications.messages.domain import State, transition_path
from services.notifications.messages.models import Message
from shared.database.transaction import Query, Transaction
from shared.values.clock import utc_now

NAMED_SMS = Query(
    select(Message)
    .where(
        or_(
            col(Message.id) == any_(bindparam("ids")),
            col(Message.provider_reference) == any_(bindparam("references")),
        ),
        col(Message.channel) == "sms",
    )
    .order_by(col(Message.id))
    .with_for_update()
)
"""The SMS of these ids or provider's references, locked in the order of their ids, as outcomes are recorded."""


class DeliveryReport(NamedTuple):
    """One message's delivery as the provider reports it: our id or the provider's reference, result, code and words."""

    message_id: UUID | None
    reference: str
    delivered: bool
    code: str | None
    answer: str


async def receive(transaction: Transaction, reports: Sequence[DeliveryReport]) -> Counter[str]:
    """Apply the reports and return how many changed a message, by state.

    `ignored` counts those that repeat or contradict an earlier report, or match no message.
    """
    messages = await find_messages(transaction, reports)
    counts: Counter[str] = Counter()
    changes: list[tuple[Message, list[State]]] = []
    for report in reports:
        message = messages.get(report.message_id) or messages.get(report.reference)
        states = apply_report(message, report) if message else []
        counts[states[-1].value if states else "ignored"] += 1
        if message and states:
            changes.append((message, states))
    await transaction.update(*(message for message, _ in changes))
    for message, states in sorted(changes, key=lambda change: str(change[0].case_id)):
        for state in states:
            await emit_event(transaction, message.model_dump(), state)
    return counts


async def find_messages(
    transaction: Transaction, reports: Sequence[DeliveryReport]
) -> dict[UUID | str | None, Message]:
    """Lock the SMS that the reports name; return them by our id and by the provider's reference."""
    ids = [report.message_id for report in reports if report.message_id]
    references = [report.reference for report in reports if report.reference]
    messages: dict[UUID | str | None, Message] = {}
    for message in await transaction.all(NAMED_SMS, ids=ids, references=references):
        messages[message.id] = message
        if message.provider_reference:
            messages[message.provider_reference] = message
    return messages


def apply_report(message: Message, report: DeliveryReport) -> list[State]:
    """Move the message to the reported state; return the states it passed through, none if nothing changed."""
    to = State.DELIVERED if report.delivered else State.FAILED
    states = transition_path(State(message.state), to)
    if states:
        message.state, message.changed_at, message.claimed_at = to.value, utc_now(), None
        problem = (None, None, None) if report.delivered else ("not_delivered", report.code, report.answer)
        message.problem, message.provider_code, message.reason = problem
        message.provider_reference = message.provider_reference or report.reference
    return states
