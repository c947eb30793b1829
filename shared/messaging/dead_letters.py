"""Records that fail: how often so far, and which were given up, kept as they came."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, ColumnElement, DateTime, and_, delete, func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from shared.database.engine import Executor, fetch
from shared.database.tables import SharedTable
from shared.messaging.kafka import EXTERNAL_TOPIC_PREFIX, Record


class RecordKey(SharedTable):
    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    offset: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class Attempt(RecordKey, table=True):
    """Kept outside the process, so that a record which kills it is given up as well."""

    count: int


class StoredRecord(RecordKey):
    """A record as it came; header values in hex, for they may be any bytes."""

    key: bytes | None
    value: bytes | None
    headers: list[list[str | None]] = Field(sa_type=JSON)


class DeadLetter(StoredRecord, table=True):
    """A record that was given up."""

    __tablename__ = "dead_letter"

    consumer: str = Field(primary_key=True)
    rule: str
    reason: str
    buried_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


MARK = text("""
    insert into attempt (topic, partition, "offset", count) values (:topic, :partition, :offset, 0)
    on conflict do nothing returning 1
""")
COUNT = text("""
    insert into attempt (topic, partition, "offset", count) values (:topic, :partition, :offset, :least)
    on conflict (topic, partition, "offset") do update set count = greatest(attempt.count + 1, excluded.count)
    returning count
""")


def primary_key(record: Record) -> dict[str, Any]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def matches(table: type[RecordKey], record: Record) -> ColumnElement[bool]:
    """The condition that a row is the record's."""
    return and_(*(col(getattr(table, name)) == value for name, value in primary_key(record).items()))


def hex_headers(record: Record) -> list[list[str | None]]:
    return [[name, None if value is None else value.hex()] for name, value in record.headers]


def stored_columns(record: Record) -> dict[str, Any]:
    return {**primary_key(record), "key": record.key, "value": record.value, "headers": hex_headers(record)}


async def mark(session: AsyncSession, record: Record) -> bool:
    """Beginning here, not counted as an attempt; False where the record is marked or counted already."""
    return bool((await session.execute(MARK, primary_key(record))).first())


async def count(session: AsyncSession, record: Record, least: int = 1) -> int:
    """How often the record was begun, this time included; `least` where more is known than was counted."""
    return int((await session.execute(COUNT, primary_key(record) | {"least": least})).scalar_one())


async def counted(session: AsyncSession, record: Record) -> int:
    return await session.scalar(select(Attempt.count).where(matches(Attempt, record))) or 0


async def others(session: AsyncSession, record: Record, least: int) -> bool:
    """Whether another record of ours was begun so often and has not ended."""
    ours = col(Attempt.topic).not_like(f"{EXTERNAL_TOPIC_PREFIX}%")
    found = select(Attempt.topic).where(col(Attempt.count) >= least, ours, ~matches(Attempt, record)).limit(1)
    return await session.scalar(found) is not None


async def forget(session: AsyncSession, record: Record) -> None:
    await session.execute(delete(Attempt).where(matches(Attempt, record)))


DEPTH = text("select count(*), extract(epoch from clock_timestamp() - max(buried_at)) from dead_letter")
INSERT = """
    insert into dead_letter (topic, partition, "offset", consumer, key, value, headers, rule, reason)
    values ($1, $2, $3, $4, $5, $6, $7::text::json, $8, $9)
    on conflict do nothing returning 1
"""


async def insert(on: Executor, record: Record, consumer: str, rule: str, reason: str) -> bool:
    """The record as it came, with the reason in words; False if it lies there already."""
    headers = orjson.dumps(hex_headers(record)).decode()
    placed = (record.topic, record.partition, record.offset, consumer, record.key, record.value, headers)
    return bool(await fetch(on, INSERT, *placed, rule, reason.replace("\0", "")))


async def depth(session: AsyncSession) -> tuple[int, float]:
    """How many are kept, and how many seconds ago the newest came; NaN where there is none."""
    count, seconds = (await session.execute(DEPTH)).one()
    return int(count), float("nan") if seconds is None else float(seconds)
