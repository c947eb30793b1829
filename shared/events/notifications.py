"""Published by services/notifications. An address is never on a topic."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.events import Event, RecordDeadLettered
from shared.events.definition import Code


class MessageEvent(Event):
    """One message of one template through one channel, about one case."""

    topic: ClassVar[str] = "ieum.notifications"
    source: ClassVar[str] = "/services/notifications"
    case_id: UUID
    programme_id: Code
    message_id: UUID
    template: str
    channel: Literal["email", "sms"]

    @property
    def subject(self) -> str:
        return str(self.case_id)


class MessageSent(MessageEvent):
    """The provider took it over."""

    name: ClassVar[str] = "message.sent.v1"
    provider_reference: str


class MessageDelivered(MessageEvent):
    name: ClassVar[str] = "message.delivered.v1"
    provider_reference: str


class MessageFailed(MessageEvent):
    name: ClassVar[str] = "message.failed.v1"
    reason: str


class MessageUnknown(MessageEvent):
    """Whether it arrived cannot be said; it is not sent again by itself."""

    name: ClassVar[str] = "message.unknown.v1"
    reason: str


class NotificationsRecordDeadLettered(RecordDeadLettered):
    topic: ClassVar[str] = "ieum.notifications"
    source: ClassVar[str] = "/services/notifications"
