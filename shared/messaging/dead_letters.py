"""Dead letters: records that cannot be handled, stored with their original bytes and the reason."""

from datetime import datetime

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy import DateTime, func
from sqlmodel import Field

from shared.database.transaction import Transaction
from shared.errors import BusinessError, Malformed
from shared.events import RecordDeadLettered
from shared.messaging.cloudevents import explain
from shared.messaging.kafka import Record
from shared.messaging.outbox import emit
from shared.messaging.stored_records import StoredRecord, hex_headers
from shared.observability.metrics import DEAD_LETTERS
from shared.values.clock import today

log = structlog.get_logger()


class DeadLetter(StoredRecord, table=True):
    """One dead-lettered record of one consumer: its original bytes, the rule it breaks and the reason in words."""

    __tablename__ = "dead_letter"

    consumer: str = Field(primary_key=True)
    rule: str
    reason: str
    dead_lettered_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


INSERT = """
    insert into dead_letter (topic, partition, "offset", consumer, key, value, headers, rule, reason)
    values ($1, $2, $3, $4, $5, $6, $7::text::json, $8, $9)
    on conflict do nothing returning 1
"""
DEPTH = "select count(*), extract(epoch from clock_timestamp() - max(dead_lettered_at)) from dead_letter"


async def dead_letter(
    transaction: Transaction,
    dead_letter_event: type[RecordDeadLettered],
    consumer: str,
    record: Record,
    error: Exception,
) -> bool:
    """Dead-letter a record: store its original bytes and emit RecordDeadLettered, in the caller's transaction.

    `consumer` is the role that could not handle it: `consumer` or `projector`. Returns False if that role has
    dead-lettered the record before.
    """
    rule, reason = reason_of(error)
    if not await insert(transaction, record, consumer, rule, reason):
        return False
    position = {"topic_name": record.topic, "partition": record.partition, "offset": record.offset}
    fields = {"consumer": consumer, "reason": rule, "occurred_on": today()} | position
    await emit(transaction, dead_letter_event.model_validate(fields))
    DEAD_LETTERS.labels(dead_letter_event.source.removeprefix("/services/"), record.topic, rule).inc()
    log.error("record.dead_lettered", **position, rule=rule, reason=reason)
    return True


def reason_of(error: Exception) -> tuple[str, str]:
    """Return the code of the broken rule and the reason in Korean and English."""
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


async def insert(transaction: Transaction, record: Record, consumer: str, rule: str, reason: str) -> bool:
    """Store the record; return False if this consumer's dead letter of it exists."""
    headers = orjson.dumps(hex_headers(record)).decode()
    columns = (record.topic, record.partition, record.offset, consumer, record.key, record.value, headers)
    return bool(await transaction.fetch(INSERT, *columns, rule, reason.replace("\0", "")))


async def count_and_newest_age(transaction: Transaction) -> tuple[int, float]:
    """Return the number of dead letters and the age of the newest in seconds, NaN where there is none."""
    [(count, seconds)] = await transaction.fetch(DEPTH)
    return int(count), float("nan") if seconds is None else float(seconds)
