"""The named points at which a process is killed, each with the services where it exists.

command    HTTP to commit and reply             relay      outbox to broker
handled    record to commit and acknowledgement projector  batch to commit and acknowledgement
park       a record that comes too early        sender     message to provider
"""

from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.patches import Put, after, always, before, given_some, outcome, replied, retrying, something

COMMANDS = frozenset({"POST", "PUT", "DELETE", "PATCH"})
ALL = ("applications", "funding", "monitoring", "notifications")
MONITORING, NOTIFICATIONS = ("monitoring",), ("notifications",)


class Needs(StrEnum):
    """What must be brought about for a point to be passed at all."""

    NOTHING = "nothing"
    EARLY = "early"  # a record that is told to be too early
    UNREADABLE = "unreadable"  # a record that nobody can read


@dataclass(frozen=True)
class Point:
    """Where it is, in words; `put` wraps the function there."""

    name: str
    says: str
    services: tuple[str, ...]
    role: str
    put: Put
    needs: Needs = Needs.NOTHING


def _relay(name: str, says: str, put: Put) -> Point:
    return Point(f"relay.{name}", says, ALL, "relay", put)


def _consumer(name: str, says: str, put: Put, needs: Needs = Needs.NOTHING) -> Point:
    return Point(name, says, ALL, "consumer", put, needs)


def _projector(name: str, says: str, put: Put, needs: Needs = Needs.NOTHING) -> Point:
    return Point(f"projector.{name}", says, MONITORING, "projector", put, needs)


def _sender(name: str, says: str, put: Put) -> Point:
    return Point(f"sender.{name}", says, NOTIFICATIONS, "sender", put)


ONCE = "shared.messaging.dispatcher:Dispatcher.once"

POINTS = (
    Point(
        "command.before_commit",
        "all is written, nothing committed",
        ALL,
        "api",
        after("shared.web.http:once"),
    ),
    Point("command.after_commit", "committed, not answered", ALL, "api", replied(COMMANDS, keyed=True)),
    Point(
        "receipt.before_commit",
        "a receipt is taken in, not committed",
        NOTIFICATIONS,
        "api",
        after("services.notifications.delivery_reports.commands:receive", something),
    ),
    Point(
        "receipt.after_commit",
        "a receipt is committed, the gateway not answered",
        NOTIFICATIONS,
        "api",
        replied(COMMANDS, keyed=False),
    ),
    _relay(
        "before_publish",
        "some shards are locked and read",
        before("shared.messaging.relay:publish", given_some),
    ),
    _relay(
        "handed_over", "some are on their way to the broker", after("aiokafka:AIOKafkaProducer.send_batch")
    ),
    _relay(
        "acknowledged",
        "the broker has them, the outbox too",
        before("shared.messaging.outbox:forget", given_some),
    ),
    _relay("forgotten", "deleted, not committed", after("shared.messaging.outbox:forget", given_some)),
    _relay(
        "after_commit", "published and forgotten", after("shared.messaging.relay:relay_shards", something)
    ),
    _consumer(
        "handled.before_commit",
        "a record is handled, not committed",
        after("shared.messaging.dispatcher:Dispatcher.in_order", outcome("handled")),
    ),
    _consumer(
        "handled.after_commit",
        "a record is committed",
        after("shared.messaging.dispatcher:Dispatcher.handle", outcome("handled")),
    ),
    _consumer(
        "handled.before_acknowledge",
        "a partition's records are committed, their offset is not",
        before("shared.messaging.consumer:Consumer.acknowledge"),
    ),
    _consumer(
        "handled.after_acknowledge",
        "the offset is acknowledged",
        after("shared.messaging.consumer:Consumer.acknowledge"),
    ),
    _consumer(
        "park.before_commit",
        "a record is parked, not committed",
        after("shared.messaging.parking:park"),
        Needs.EARLY,
    ),
    _consumer(
        "park.after_commit",
        "a record is parked, not acknowledged",
        after("shared.messaging.dispatcher:Dispatcher.park"),
        Needs.EARLY,
    ),
    _consumer(
        "parked.taken",
        "a parked record is taken out, not handled",
        retrying(after("shared.messaging.parking:take_head", something)),
        Needs.EARLY,
    ),
    _consumer(
        "parked.before_commit",
        "a parked record is handled, not committed",
        retrying(after(ONCE, outcome("handled"))),
        Needs.EARLY,
    ),
    _consumer(
        "parked.after_commit",
        "a parked record is committed",
        after("shared.messaging.dispatcher:Dispatcher.retry_head", something),
        Needs.EARLY,
    ),
    _consumer(
        "buried.before_commit",
        "a dead letter is kept and told, not committed",
        after("shared.messaging.dispatcher:Dispatcher.bury"),
        Needs.UNREADABLE,
    ),
    _consumer(
        "buried.after_commit",
        "a dead letter is committed, not acknowledged",
        after("shared.messaging.dispatcher:Dispatcher.give_up"),
        Needs.UNREADABLE,
    ),
    _projector(
        "fenced", "inside the batch: after the fence", after("shared.projections.projector:Projector.move")
    ),
    _projector(
        "some_rows",
        "inside the batch: some projections are saved",
        after("shared.projections.projection:Rows.save", given=given_some),
    ),
    _projector("marked", "inside the batch: all is saved", after("shared.projections.watermarks:Marks.save")),
    _projector(
        "before_commit",
        "a batch is folded, not committed",
        after("shared.projections.projector:Projector.notify"),
    ),
    _projector(
        "after_commit",
        "a batch is committed, its offsets are not told to Kafka",
        before("shared.projections.projector:acknowledge", given_some),
    ),
    _projector(
        "after_acknowledge",
        "Kafka knows the batch's offsets",
        after("shared.projections.projector:acknowledge", given_some),
    ),
    _projector(
        "buried",
        "inside the batch: a dead letter is kept and told",
        after("shared.projections.projector:Projector.bury"),
        Needs.UNREADABLE,
    ),
    _sender(
        "claimed",
        "the claim is committed, nothing handed over",
        before("services.notifications.sender:send_claimed"),
    ),
    _sender(
        "mailed",
        "the mail server has the mail, nobody here knows",
        after("services.notifications.channels.email:send_data"),
    ),
    _sender(
        "texted",
        "the gateway has the SMS, nobody here knows",
        after("services.notifications.channels.sms:SmsChannel.post"),
    ),
    _sender(
        "settling",
        "the outcome is written, not committed",
        after("services.notifications.messages.commands:record_outcomes"),
    ),
    _sender("settled", "the outcome is committed", after("services.notifications.sender:record_outcomes", always)),
)

EVERYWHERE = tuple((service, point) for point in POINTS for service in point.services)
"""Each point at each service where it exists."""


def named(name: str) -> Point:
    """Raises KeyError for one that there is not."""
    return {point.name: point for point in POINTS}[name]
