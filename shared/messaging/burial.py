"""Giving a record up: it is kept as it came, and an event tells where it stands and why, never what it said."""

import structlog
from pydantic import ValidationError

from shared.database.engine import Executor
from shared.errors import BusinessError, Malformed
from shared.events import RecordDeadLettered
from shared.messaging import dead_letters
from shared.messaging.cloudevents import explain
from shared.messaging.kafka import Record
from shared.messaging.outbox import emit
from shared.observability.metrics import DEAD_LETTERS
from shared.values.calendar import today

log = structlog.get_logger()


async def dead_letter(
    executor: Executor,
    dead_letter_event: type[RecordDeadLettered],
    consumer: str,
    record: Record,
    error: Exception,
) -> bool:
    """Within the caller's transaction; False if the record lies there already.

    `consumer` names the role that gives it up: a service's consumer or its projector.
    """
    rule, reason = reason_of(error)
    if not await dead_letters.insert(executor, record, consumer, rule, reason):
        return False
    at = {"topic_name": record.topic, "partition": record.partition, "offset": record.offset}
    said = {"consumer": consumer, "reason": rule, "occurred_on": today()} | at
    await emit(executor, dead_letter_event.model_validate(said))
    DEAD_LETTERS.labels(dead_letter_event.source.removeprefix("/services/"), record.topic, rule).inc()
    log.error("record.dead_lettered", **at, rule=rule, reason=reason)
    return True


def reason_of(error: Exception) -> tuple[str, str]:
    """The rule's name, and the reason in words."""
    if isinstance(error, BusinessError):
        return error.rule, f"{error.ko} / {error.en}"
    if isinstance(error, ValidationError):
        return (
            "schema",
            f"내용이 약속한 형식과 다릅니다: {explain(error)} / the content does not follow its schema",
        )
    if isinstance(error, Malformed):
        return "malformed", str(error)
    return "failed", f"{type(error).__name__}: {error}"
