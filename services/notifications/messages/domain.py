"""Message states: the allowed transitions, and the event of each state."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.notifications.channels.outcomes import Accepted, Deferred, Failed, Outcome
from services.notifications.recipients.domain import Channel
from shared.backoff import backoff_delay
from shared.events.notifications import (
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageSent,
    MessageUnknown,
)
from shared.values.clock import today

CHANNELS: tuple[Channel, ...] = ("email", "sms")

NO_CONTACT = "연락처 없음"
SENDER_LOST = "보내다가 멈춰 결과를 알 수 없습니다. 중계사에 조회하기 전에는 다시 보내지 않습니다"
NO_DELIVERY_REPORT = "3일 안에 도착 결과가 오지 않았습니다"
TOO_LATE = "보낼 기한이 지나 보내지 않았습니다"

CLAIM_TIMEOUT = timedelta(minutes=1)
DELIVERY_REPORT_TIMEOUT = timedelta(days=3)


class State(StrEnum):
    """State of a message. `sent`: accepted by the provider, final for e-mail. `unknown`: never sent again by itself."""

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

EVENT_OF_STATE: dict[State, type[MessageEvent]] = {
    State.SENT: MessageSent,
    State.DELIVERED: MessageDelivered,
    State.FAILED: MessageFailed,
    State.UNKNOWN: MessageUnknown,
}


class Transition(NamedTuple):
    """A change of state with its reason and the provider's reference; `wait` before the message is retried."""

    to: State
    reason: str | None = None
    reference: str | None = None
    wait: timedelta = timedelta()


def transition_after(
    outcome: Outcome, attempts: int, backoff_seconds: float, backoff_limit_seconds: float
) -> Transition:
    """The transition after an outcome; a deferred message waits twice as long after each attempt.

    No message waits while its provider is down: its channel worker does.
    """
    match outcome:
        case Accepted(reference):
            return Transition(State.SENT, reference=reference)
        case Failed(reason):
            return Transition(State.FAILED, reason)
        case Deferred(reason, provider_down):
            seconds = (
                0 if provider_down else backoff_delay(attempts + 1, backoff_seconds, backoff_limit_seconds)
            )
            return Transition(State.QUEUED, reason, wait=timedelta(seconds=seconds))
        case _:
            return Transition(State.UNKNOWN, outcome.reason)


def transition_path(state: State, to: State) -> list[State]:
    """The states by which a delivery report leads to `to`, or none where it changes nothing.

    A report may come before the outcome is recorded: it then leads through `sent`.
    """
    if to in NEXT[state]:
        return [State.SENT, to] if state is State.SENDING else [to]
    return [State.SENT, to] if state is State.SENDING and to in NEXT[State.SENT] else []


def event_of(message: Mapping[str, Any], state: State) -> MessageEvent | None:
    """The event of a state, with the provider's reference or the reason; None for `queued` and `sending`."""
    if state not in EVENT_OF_STATE:
        return None
    detail = "provider_reference" if state in {State.SENT, State.DELIVERED} else "reason"
    names = ("case_id", "programme_id", "template", "channel")
    fields = {name: message[name] for name in names} | {"message_id": message["id"]}
    return EVENT_OF_STATE[state].model_validate(
        fields | {detail: message.get(detail) or "", "occurred_on": today()}
    )
