"""Events of the notifications service: outcomes of messages, without any address."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.events import Event, RecordDeadLettered
from shared.events.definition import Code

FailureReason = Literal[
    "no_contact",
    "too_late",
    "template_error",
    "address_not_supported",
    "too_long",
    "refused",
    "not_delivered",
]
UnknownReason = Literal["no_answer", "not_in_answer", "channel_error", "sender_lost", "no_delivery_report"]
ProviderCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,20}$")]


class MessageEvent(Event):
    """Base of the events about one message of one template through one channel, about one case."""

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
    """The provider accepted the message."""

    name: ClassVar[str] = "message.sent.v1"
    provider_reference: str


class MessageDelivered(MessageEvent):
    """The provider reported that the message arrived."""

    name: ClassVar[str] = "message.delivered.v1"
    provider_reference: str


class MessageFailed(MessageEvent):
    """The message was not sent, or did not arrive, and is not sent again.

    `provider_code`: the code with which the mail server, gateway or carrier refused it; its words stay with us, since
    they may repeat the address.
    """

    name: ClassVar[str] = "message.failed.v2"
    reason: FailureReason | None = None
    provider_code: ProviderCode | None = None


class MessageUnknown(MessageEvent):
    """The outcome of the message is unknown; it is not sent again by itself."""

    name: ClassVar[str] = "message.unknown.v2"
    reason: UnknownReason | None = None


class NotificationsRecordDeadLettered(RecordDeadLettered):
    """The notifications service dead-lettered a record: its position and the broken rule, never its content."""

    topic: ClassVar[str] = "ieum.notifications"
    source: ClassVar[str] = "/services/notifications"
