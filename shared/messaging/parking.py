"""Parking: records whose prerequisite has not arrived, stored by key and in order until a deadline.

Topics have no order among each other, so a record may arrive before the event it builds on. Later records of its key
and topic are parked behind it, so the order of a key is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from shared.messaging.kafka import Record
from shared.messaging.stored_records import StoredRecord, matches, stored_columns


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


HAS_PREDECESSOR = text(
    "select exists (select from parked where topic = :topic and key is not distinct from :key)"
)

PARKED_KEYS = text("""
    select topic, key from parked group by topic, key order by min(parked_at) limit 500
""")
# The head is chosen before it is locked: where another process holds it, no later record is taken in its place.
HEAD = text("""
    select topic, partition, "offset", key, value, headers,
           extract(epoch from clock_timestamp() - parked_at) as waited
    from parked where (topic, partition, "offset") = (
        select topic, partition, "offset" from parked where topic = :topic and key is not distinct from :key
        order by "offset" limit 1
    ) for update skip locked
""")


DEPTH = text(
    "select count(*), coalesce(extract(epoch from clock_timestamp() - min(parked_at)), 0) from parked"
)


async def has_predecessor(session: AsyncSession, record: Record) -> bool:
    """Return whether an earlier record of this topic and key is parked."""
    return bool(await session.scalar(HAS_PREDECESSOR, {"topic": record.topic, "key": record.key}))


async def park(session: AsyncSession, record: Record, reason: str) -> None:
    """Store the record behind the earlier ones of its key; a record that is parked already stays as it is."""
    row = insert(ParkedRow).values(stored_columns(record) | {"reason": reason}).on_conflict_do_nothing()
    await session.execute(row)


async def parked_keys(session: AsyncSession) -> Sequence[tuple[str, bytes | None]]:
    """Return (topic, key) of up to 500 keys with parked records, the longest waiting first."""
    return [(row.topic, row.key) for row in await session.execute(PARKED_KEYS)]


async def take_head(session: AsyncSession, topic: str, key: bytes | None) -> ParkedRecord | None:
    """Lock, remove and return the first record of the key in the caller's transaction; None where another holds it."""
    found = (await session.execute(HEAD, {"topic": topic, "key": key})).mappings().first()
    if found is None:
        return None
    record = _record(found)
    await session.execute(delete(ParkedRow).where(matches(ParkedRow, record)))
    return record


async def take(session: AsyncSession, record: Record) -> bool:
    """Remove the record; return False where it is no longer parked."""
    removed = delete(ParkedRow).where(matches(ParkedRow, record)).returning(col(ParkedRow.offset))
    return await session.scalar(removed) is not None


async def count_and_oldest_age(session: AsyncSession) -> tuple[int, float]:
    """Return the number of parked records and the seconds that the oldest has waited."""
    count, seconds = (await session.execute(DEPTH)).one()
    return int(count), float(seconds)


def _record(row: Any) -> ParkedRecord:
    headers: Any = [(name, None if value is None else bytes.fromhex(value)) for name, value in row["headers"]]
    columns = {name: row[name] for name in ("topic", "partition", "offset", "key", "value")}
    return ParkedRecord(**columns, headers=headers, waited_seconds=float(row["waited"]))
