"""Outbox and event log: every event of a service, stored in the transaction that caused it, until the relay publishes it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

import orjson
from sqlalchemy import JSON, BigInteger, Column, DateTime, Identity, Index, UniqueConstraint, func
from sqlmodel import Field, SmallInteger

from shared.database.tables import SharedTable
from shared.database.transaction import Connection, Transaction
from shared.errors import RuleBroken
from shared.events import Event
from shared.messaging.cloudevents import DATA_LIMIT, new_attributes

SHARDS = 16


class Stream(SharedTable, table=True):
    """The last sequence number of each subject; its row is the lock that keeps the subject's order."""

    subject: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)


class LoggedEvent(SharedTable, table=True):
    """Every event of the service as it is published. Append only."""

    __tablename__ = "event_log"
    __table_args__ = (UniqueConstraint("subject", "sequence"),)

    position: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    id: UUID = Field(unique=True)
    topic: str
    subject: str
    sequence: int = Field(sa_type=BigInteger)
    type: str
    occurred_on: date
    recorded_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    attributes: dict[str, str] = Field(sa_type=JSON)
    data: str


class OutboxEntry(SharedTable, table=True):
    """An event still to be published: a position in the event log, by shard of its subject."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_in_order", "shard", "position"),)

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    shard: int = Field(sa_type=SmallInteger)


# One statement: the subject's row is locked first, so positions of one subject are in order of commit.
EMIT = """
    with numbered as (
        insert into stream (subject, last) values ($1, 1)
        on conflict (subject) do update set last = stream.last + 1
        returning last
    ), logged as (
        insert into event_log (id, topic, subject, sequence, type, occurred_on, attributes, data)
        select $2::uuid, $3, $1, last, $4, $5::date, $6::text::json, $7 from numbered
        returning position
    )
    insert into outbox (position, shard) select position, $8 from logged
"""

# One index probe per shard, however many events are pending and however many deleted rows the table still holds.
PENDING_SHARDS = """
    select shard from generate_series(0, $1) as s (shard)
    where exists (select from outbox o where o.shard = s.shard)
"""

# The limit comes before the join: only so many events are looked up, each by one index probe, however many are pending.
# The order of both steps is not left to the planner, whose statistics lag behind these tables. Text comes as bytes, as
# it is published.
PENDING = """
    with oldest as materialized (
        select o.position from unnest($1::int[]) as s (shard)
        cross join lateral (select position from outbox o where o.shard = s.shard order by position limit $2) o
        order by o.position
    )
    select l.* from oldest cross join lateral (
        select position, topic, convert_to(subject, 'UTF8'), sequence, convert_to(attributes::text, 'UTF8'),
            convert_to(data, 'UTF8')
        from event_log l where l.position = oldest.position limit 1
    ) l
    order by oldest.position
"""

LOCK = """
    select shard from unnest($1::int[]) as s (shard)
    where pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'), shard)
"""


async def emit(transaction: Transaction, *events: Event) -> None:
    """Store the events in the log and outbox; the relay publishes them after the caller's transaction has committed.

    Raises RuleBroken for an event larger than Kafka takes.
    """
    for event in events:
        await transaction.fetch(EMIT, *_row(event))


def _row(event: Event) -> tuple[object, ...]:
    data = event.model_dump_json(exclude_none=True)
    if len(data.encode()) > DATA_LIMIT:
        raise RuleBroken(
            "event_too_large",
            ko=f"내용이 너무 큽니다({DATA_LIMIT:,}바이트까지). 첨부는 참조로 보내세요.",
            en=f"The content is larger than {DATA_LIMIT:,} bytes. Send references instead of attachments.",
        )
    attributes = new_attributes(event)
    logged = (event.subject, UUID(attributes["id"]), event.topic, event.type(), event.occurred_on)
    return (*logged, orjson.dumps(attributes).decode(), data, shard_of(event.subject))


def shard_of(subject: str) -> int:
    return crc32(subject.encode()) % SHARDS


CONTENT_TYPE = ("content-type", b"application/json")


class HeaderNames(dict[str, str]):
    """The `ce_` header name of each attribute, made once: a relay needs some ten per record."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, f"ce_{name}")


HEADER_NAMES = HeaderNames()


class OutboxRecord(NamedTuple):
    """A record to be published: its position in the event log, topic, key, value and headers."""

    position: int
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


async def pending_shards(transaction: Transaction) -> list[int]:
    """Return the shards that have events to publish."""
    return [row["shard"] for row in await transaction.fetch(PENDING_SHARDS, SHARDS - 1)]


async def lock_shards(connection: Connection, shards: Sequence[int]) -> list[int]:
    """Lock the shards that no other relay holds, for this transaction, and return them.

    A statement of its own, so that the next one sees what the last holder has deleted.
    """
    return [row["shard"] for row in await connection.fetch(LOCK, shards)]


async def read_pending(connection: Connection, shards: Sequence[int], limit: int) -> list[OutboxRecord]:
    """Return up to `limit` of the oldest events of each shard, in order; an event that commits late is not skipped."""
    return [to_record(row) for row in await connection.fetch(PENDING, shards, limit)]


def to_record(row: Any) -> OutboxRecord:
    position, topic, key, sequence, attributes, data = row
    wire = [(HEADER_NAMES[name], value.encode()) for name, value in orjson.loads(attributes).items()]
    wire += (("ce_sequence", b"%020d" % sequence), CONTENT_TYPE)
    return OutboxRecord(position, topic, key, data, wire)


async def delete_published(connection: Connection, published: Sequence[OutboxRecord]) -> None:
    await connection.execute(
        "delete from outbox where position = any($1::bigint[])", [one.position for one in published]
    )


DEPTH = """
    select count(*), coalesce(extract(epoch from clock_timestamp() - min(l.recorded_at)), 0)
    from outbox o join event_log l using (position)
"""


async def count_and_oldest_age(transaction: Transaction) -> tuple[int, float]:
    """Return the number of pending events and the seconds that the oldest has waited."""
    [(count, seconds)] = await transaction.fetch(DEPTH)
    return int(count), float(seconds)
