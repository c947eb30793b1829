"""What becomes of a message: the allowed moves, and the event that tells of each."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.notifications.channels.outcomes import Outcome, Postponed, Refused, Taken
from services.notifications.recipients.domain import Channel
from shared.events.notifications import (
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageSent,
    MessageUnknown,
)
from shared.values.calendar import today

CHANNELS: tuple[Channel, ...] = ("email", "sms")

NO_CONTACT = "연락처 없음"
LOST = "보내다가 멈춰 결과를 알 수 없습니다. 중계사에 조회하기 전에는 다시 보내지 않습니다"
SILENT = "3일 안에 도착 결과가 오지 않았습니다"
TOO_LATE = "보낼 기한이 지나 보내지 않았습니다"

CLAIM_LASTS = timedelta(minutes=1)
RECEIPT_LASTS = timedelta(days=3)


class State(StrEnum):
    """`sent`: the provider has it; for e-mail that is the end. `unknown`: never sent again by itself."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


NEXT: dict[State, set[State]] = {
    State.QUEUED: {State.SENDING, State.FAILED},
    State.SENDING: {State.QUEUED, State.SENT, State.FAILED, State.UNKNOWN},
    State.SENT: {State.DELIVERED, State.FAILED, State.UNKNOWN},
    State.UNKNOWN: {State.SENT, State.DELIVERED, State.FAILED},
    State.DELIVERED: set(),
    State.FAILED: set(),
}

TOLD: dict[State, type[MessageEvent]] = {
    State.SENT: MessageSent,
    State.DELIVERED: MessageDelivered,
    State.FAILED: MessageFailed,
    State.UNKNOWN: MessageUnknown,
}


class Move(NamedTuple):
    """Where a message goes, why, and how the provider calls it; `wait` before it is tried again."""

    to: State
    reason: str | None = None
    reference: str | None = None
    wait: timedelta = timedelta()


def moved_by(outcome: Outcome, attempts: int, first_wait: float, longest_wait: float) -> Move:
    """Waits are seconds. Where the line is down, the sender itself waits, and no message more than another."""
    match outcome:
        case Taken(reference):
            return Move(State.SENT, reference=reference)
        case Refused(reason):
            return Move(State.FAILED, reason)
        case Postponed(reason, line_down):
            seconds = 0 if line_down else min(longest_wait, first_wait * 2 ** min(attempts, 20))
            return Move(State.QUEUED, reason, wait=timedelta(seconds=seconds))
        case _:
            return Move(State.UNKNOWN, outcome.reason)


def way(state: State, to: State) -> list[State]:
    """The states that a receipt leads through: one that overtakes our own note of the hand-over makes up for it.

    Empty where it tells nothing new.
    """
    if to in NEXT[state]:
        return [State.SENT, to] if state is State.SENDING else [to]
    return [State.SENT, to] if state is State.SENDING and to in NEXT[State.SENT] else []


def event_of(message: Mapping[str, Any], state: State) -> MessageEvent | None:
    """With the provider's reference of what went well, or the reason. Waiting and sending are not told."""
    if state not in TOLD:
        return None
    told = "provider_reference" if state in {State.SENT, State.DELIVERED} else "reason"
    names = ("case_id", "programme_id", "template", "channel")
    common = {name: message[name] for name in names} | {"message_id": message["id"]}
    return TOLD[state].model_validate(common | {told: message.get(told) or "", "occurred_on": today()})
