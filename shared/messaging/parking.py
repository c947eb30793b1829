"""Parking: records whose prerequisite has not arrived, stored by key and in order until a deadline.

Topics have no order among each other, so a record may arrive before the event it builds on. Later records of its key
and topic are parked behind it, so the order of a key is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, func
from sqlmodel import Field

from shared.database.transaction import Transaction
from shared.messaging.kafka import Record
from shared.messaging.stored_records import StoredRecord, hex_headers


class ParkedRow(StoredRecord, table=True):
    """A parked record, since when it waits and for what."""

    __tablename__ = "parked"

    parked_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    reason: str


@dataclass(frozen=True)
class ParkedRecord:
    """A parked record with its original bytes, handled like any other, and the seconds it has waited."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    waited_seconds: float


HAS_PREDECESSOR = "select exists (select from parked where topic = $1 and key is not distinct from $2)"
PARK = """
    insert into parked (topic, partition, "offset", key, value, headers, reason)
    values ($1, $2, $3, $4, $5, $6::text::json, $7) on conflict do nothing
"""
PARKED_KEYS = "select topic, key from parked group by topic, key order by min(parked_at) limit 500"
# The head is chosen before it is locked: where another process holds it, no later record is taken in its place.
HEAD = """
    select topic, partition, "offset", key, value, headers,
           extract(epoch from clock_timestamp() - parked_at) as waited
    from parked where (topic, partition, "offset") = (
        select topic, partition, "offset" from parked where topic = $1 and key is not distinct from $2
        order by "offset" limit 1
    ) for update skip locked
"""
TAKE = """
    delete from parked where topic = $1 and partition = $2 and "offset" = $3 returning 1
"""
DEPTH = "select count(*), coalesce(extract(epoch from clock_timestamp() - min(parked_at)), 0) from parked"


async def has_predecessor(transaction: Transaction, record: Record) -> bool:
    """Return whether an earlier record of this topic and key is parked."""
    return bool(await transaction.value(HAS_PREDECESSOR, record.topic, record.key))


async def park(transaction: Transaction, record: Record, reason: str) -> None:
    """Store the record behind the earlier ones of its key; a record that is parked already stays as it is."""
    headers = orjson.dumps(hex_headers(record)).decode()
    position = (record.topic, record.partition, record.offset)
    await transaction.fetch(PARK, *position, record.key, record.value, headers, reason)


async def parked_keys(transaction: Transaction) -> Sequence[tuple[str, bytes | None]]:
    """Return (topic, key) of up to 500 keys with parked records, the longest waiting first."""
    return [(row.topic, row.key) for row in await transaction.fetch(PARKED_KEYS)]


async def take_head(transaction: Transaction, topic: str, key: bytes | None) -> ParkedRecord | None:
    """Lock, remove and return the first record of the key in the caller's transaction; None where another holds it."""
    rows = await transaction.fetch(HEAD, topic, key)
    if not rows:
        return None
    record = _record(rows[0])
    await take(transaction, record)
    return record


async def take(transaction: Transaction, record: Record) -> bool:
    """Remove the record; return False where it is no longer parked."""
    return bool(await transaction.fetch(TAKE, record.topic, record.partition, record.offset))


async def count_and_oldest_age(transaction: Transaction) -> tuple[int, float]:
    """Return the number of parked records and the seconds that the oldest has waited."""
    [(count, seconds)] = await transaction.fetch(DEPTH)
    return int(count), float(seconds)


def _record(row: Any) -> ParkedRecord:
    headers: Any = [(name, None if value is None else bytes.fromhex(value)) for name, value in row["headers"]]
    columns = {name: row[name] for name in ("topic", "partition", "offset", "key", "value")}
    return ParkedRecord(**columns, headers=headers, waited_seconds=float(row["waited"]))
