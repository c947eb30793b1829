"""Message states: the allowed transitions, and the event of each state."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.notifications.channels.outcomes import Accepted, Deferred, Failed, Outcome, Problem
from services.notifications.recipients.domain import Channel
from shared.backoff import backoff_delay
from shared.events.notifications import (
    FailureReason,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    UnknownReason,
)
from shared.values.clock import today

CHANNELS: tuple[Channel, ...] = ("email", "sms")

NO_CONTACT: FailureReason = "no_contact"
SENDER_LOST: UnknownReason = "sender_lost"
NO_DELIVERY_REPORT: UnknownReason = "no_delivery_report"
TOO_LATE: FailureReason = "too_late"

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
    """A change of state with its problem and the provider's reference; `wait` before the message is retried.

    `reason`: the provider's own words for the problem.
    """

    to: State
    problem: Problem | None = None
    code: str | None = None
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
        case Failed(problem, answer, code):
            return Transition(State.FAILED, problem, code, answer or None)
        case Deferred(problem, answer, provider_down):
            seconds = (
                0 if provider_down else backoff_delay(attempts + 1, backoff_seconds, backoff_limit_seconds)
            )
            return Transition(State.QUEUED, problem, None, answer or None, wait=timedelta(seconds=seconds))
        case _:
            return Transition(State.UNKNOWN, outcome.problem, None, outcome.answer or None)


def transition_path(state: State, to: State) -> list[State]:
    """The states by which a delivery report leads to `to`, or none where it changes nothing.

    A report may come before the outcome is recorded: it then leads through `sent`.
    """
    if to in NEXT[state]:
        return [State.SENT, to] if state is State.SENDING else [to]
    return [State.SENT, to] if state is State.SENDING and to in NEXT[State.SENT] else []


def event_of(message: Mapping[str, Any], state: State) -> MessageEvent | None:
    """The event of a state, with the provider's reference or the problem; None for `queued` and `sending`."""
    if state not in EVENT_OF_STATE:
        return None
    if state in {State.SENT, State.DELIVERED}:
        details = {"provider_reference": message.get("provider_reference") or ""}
    else:
        details = {"reason": message.get("problem"), "provider_code": message.get("provider_code")}
    names = ("case_id", "programme_id", "template", "channel")
    fields = {name: message[name] for name in names} | {"message_id": message["id"]}
    return EVENT_OF_STATE[state].model_validate(fields | details | {"occurred_on": today()})
