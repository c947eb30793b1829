"""The named points at which a process is killed, each with the services where it exists.

command    HTTP request to commit and response   relay      outbox to broker
handled    record to commit and offset           projector  batch to commit and offset
park       a record whose prerequisite is missing  sender   message to provider
"""

from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.patches import (
    Install,
    after,
    always,
    before,
    nonempty_argument,
    outcome,
    replied,
    retrying,
    something,
)

COMMANDS = frozenset({"POST", "PUT", "DELETE", "PATCH"})
ALL = ("applications", "funding", "monitoring", "notifications")
MONITORING, NOTIFICATIONS = ("monitoring",), ("notifications",)


class Needs(StrEnum):
    """Conditions to bring about for a point to be passed at all."""

    NOTHING = "nothing"
    EARLY = "early"  # a record whose handler raises PrerequisiteMissing
    UNREADABLE = "unreadable"  # a record that is no event


@dataclass(frozen=True)
class CrashPoint:
    """A point by name and in words; `install` wraps the product's function there."""

    name: str
    description: str
    services: tuple[str, ...]
    role: str
    install: Install
    needs: Needs = Needs.NOTHING


def _api(name: str, description: str, install: Install, services: tuple[str, ...] = ALL) -> CrashPoint:
    return CrashPoint(name, description, services, "api", install)


def _relay(name: str, description: str, install: Install) -> CrashPoint:
    return CrashPoint(f"relay.{name}", description, ALL, "relay", install)


def _consumer(name: str, description: str, install: Install, needs: Needs = Needs.NOTHING) -> CrashPoint:
    return CrashPoint(name, description, ALL, "consumer", install, needs)


def _projector(name: str, description: str, install: Install, needs: Needs = Needs.NOTHING) -> CrashPoint:
    return CrashPoint(f"projector.{name}", description, MONITORING, "projector", install, needs)


def _sender(name: str, description: str, install: Install) -> CrashPoint:
    return CrashPoint(f"sender.{name}", description, NOTIFICATIONS, "sender", install)


DISPATCHER = "shared.messaging.dispatcher:Dispatcher"
PROJECTOR = "shared.projections.projector"

POINTS = (
    _api("command.before_commit", "all is written, nothing committed", after("shared.web.http:idempotent")),
    _api("command.after_commit", "committed, no response yet", replied(COMMANDS, keyed=True)),
    _api(
        "delivery_report.before_commit",
        "a delivery report is applied, not committed",
        after("services.notifications.delivery_reports.commands:receive", something),
        NOTIFICATIONS,
    ),
    _api(
        "delivery_report.after_commit",
        "a delivery report is committed, no response to the gateway yet",
        replied(COMMANDS, keyed=False),
        NOTIFICATIONS,
    ),
    _relay(
        "before_publish",
        "shards are locked and read",
        before("shared.messaging.relay:publish", nonempty_argument),
    ),
    _relay("sent", "some are on their way to the broker", after("aiokafka:AIOKafkaProducer.send_batch")),
    _relay(
        "acknowledged",
        "the broker has them, the outbox too",
        before("shared.messaging.outbox:delete_published", nonempty_argument),
    ),
    _relay(
        "deleted",
        "deleted, not committed",
        after("shared.messaging.outbox:delete_published", nonempty_argument),
    ),
    _relay(
        "after_commit", "published and deleted", after("shared.messaging.relay:publish_shards", something)
    ),
    _consumer(
        "handled.before_commit",
        "a record is handled, not committed",
        after(f"{DISPATCHER}.handle_in_key_order", outcome("handled")),
    ),
    _consumer(
        "handled.after_commit", "a record is committed", after(f"{DISPATCHER}.handle", outcome("handled"))
    ),
    _consumer(
        "handled.before_offset",
        "a partition's records are committed, their offset is not",
        before("shared.messaging.consumer:Consumer.commit_offset"),
    ),
    _consumer(
        "handled.after_offset",
        "the offset is committed",
        after("shared.messaging.consumer:Consumer.commit_offset"),
    ),
    _consumer(
        "park.before_commit",
        "a record is parked, not committed",
        after("shared.messaging.parking:park"),
        Needs.EARLY,
    ),
    _consumer(
        "park.after_commit",
        "a record is parked, its offset is not committed",
        after(f"{DISPATCHER}.park"),
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
        retrying(after(f"{DISPATCHER}.handle_once", outcome("handled"))),
        Needs.EARLY,
    ),
    _consumer(
        "parked.after_commit",
        "a parked record is committed",
        after(f"{DISPATCHER}.retry_head", something),
        Needs.EARLY,
    ),
    _consumer(
        "dead_letter.before_commit",
        "a dead letter is stored and reported, not committed",
        after(f"{DISPATCHER}.store_dead_letter"),
        Needs.UNREADABLE,
    ),
    _consumer(
        "dead_letter.after_commit",
        "a dead letter is committed, its offset is not",
        after(f"{DISPATCHER}.dead_letter"),
        Needs.UNREADABLE,
    ),
    _projector("fenced", "inside the batch: after the fence", after(f"{PROJECTOR}:Projector.fence_offsets")),
    _projector(
        "some_rows",
        "inside the batch: some projections are saved",
        after("shared.projections.projection:RowCollector.save", given=nonempty_argument),
    ),
    _projector(
        "watermarks", "inside the batch: all is saved", after("shared.projections.watermarks:Watermarks.save")
    ),
    _projector("before_commit", "a batch is folded, not committed", after(f"{PROJECTOR}:Projector.notify")),
    _projector(
        "after_commit",
        "a batch is committed, its offsets are not committed to Kafka",
        before(f"{PROJECTOR}:commit_offsets", nonempty_argument),
    ),
    _projector(
        "after_offset",
        "Kafka has the batch's offsets",
        after(f"{PROJECTOR}:commit_offsets", nonempty_argument),
    ),
    _projector(
        "dead_letter",
        "inside the batch: a dead letter is stored and reported",
        after(f"{PROJECTOR}:Projector.store_dead_letter"),
        Needs.UNREADABLE,
    ),
    _sender(
        "claimed",
        "the claim is committed, nothing sent",
        before("services.notifications.sender:send_claimed"),
    ),
    _sender(
        "mailed",
        "the mail server has the mail, no outcome is known",
        after("services.notifications.channels.email:send_data"),
    ),
    _sender(
        "texted",
        "the gateway has the SMS, no outcome is known",
        after("services.notifications.channels.sms:SmsChannel.post"),
    ),
    _sender(
        "recording",
        "the outcome is written, not committed",
        after("services.notifications.messages.commands:record_outcomes"),
    ),
    _sender(
        "recorded", "the outcome is committed", after("services.notifications.sender:record_outcomes", always)
    ),
)

ALL_POINTS = tuple((service, point) for point in POINTS for service in point.services)
"""Each point at each service where it exists."""
