"""Outgoing messages, and the four outcomes of sending one.

An outcome names its problem by a code. `answer` has the provider's own words, which stay in this service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from services.notifications.templates.rendering import Content
from shared.events.notifications import FailureReason, UnknownReason

DeferralReason = Literal["unreachable", "disconnected", "busy"]
Problem = FailureReason | UnknownReason | DeferralReason


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A rendered message with its address: an e-mail address, or a mobile number as E.164."""

    message_id: UUID
    address: str
    content: Content


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider accepted the message under its own `reference`."""

    reference: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider refused the message for good, with `code` where it gave one; or it could not be sent at all."""

    problem: FailureReason
    answer: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """The message was sent and no answer came: it may or may not arrive, so it is not sent again."""

    problem: UnknownReason
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The message was not sent and may be retried. `provider_down`: no other message would get through now."""

    problem: DeferralReason
    answer: str = ""
    provider_down: bool = False


Outcome = Accepted | Failed | Indeterminate | Deferred


class Channel(Protocol):
    """A provider's adapter: sends up to `batch` messages at once and returns the outcome of each.

    A message counts as unknown while its outcome takes longer than a minute.
    """

    name: str
    batch: int

    async def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[UUID, Outcome]: ...

    async def close(self) -> None: ...
