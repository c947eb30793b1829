"""A temporary SQLite database for what is joined across event logs, topics and inboxes.

SQLite keeps it in an unnamed file that is gone with the connection, and at most CACHE_KIB of it in memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

CACHE_KIB = 65_536

SCHEMA = """
    create table event (
        service text, position integer, id text, source text, topic text, subject text, sequence integer,
        type text, name text, occurred_on text, case_id text, cause text, correlation text, actor text,
        published blob, content blob, data text
    );
    create table record (
        topic text, partition integer, offset integer, is_external integer, source text, id text, type text, name text,
        subject text, sequence integer, cause text, published blob, payload blob, bytes blob,
        key blob, value blob, headers text, data text
    );
    create table inbox (consumer text, source text, id text, payload blob);
    create table outbox (service text, position integer);
    create table dead_letter (
        service text, consumer text, topic text, partition integer, offset integer, rule text, bytes blob
    );
    create table parked (service text, topic text, partition integer, offset integer);
    create table watermark (source text, subject text, contiguous integer, beyond_gap text);
    create table timeline (source text, id text, content blob);
    create table payment (
        payment_id text, case_id text, number integer, amount_krw integer, answer text, treasury_reference text
    );
    create table disbursement (caused_by text, case_id text, sets integer, amount_krw integer);
"""
EVENT_INDEXES = """
    create index event_identity on event (source, id);
    create index event_case on event (case_id, service, subject, sequence);
    create index event_name on event (name);
    create index event_cause on event (cause, name);
"""
INDEXES = """
    create index record_identity on record (source, id);
    create index record_position on record (topic, partition, offset);
    create index record_name on record (name);
    create index inbox_identity on inbox (consumer, source, id);
    create index outbox_position on outbox (service, position);
    create index dead_letter_position on dead_letter (topic, partition, offset);
    create index parked_position on parked (topic, partition, offset);
    create index watermark_subject on watermark (source, subject);
    create index timeline_identity on timeline (source, id);
    analyze;
"""
# Our own records repeat their event: their bytes are kept only where they are not those of the event log.
DROP_COPIES = """
    update record set key = null, value = null, headers = null
    where rowid > ? and not is_external and exists (
        select 1 from event where event.source = record.source and event.id = record.id
                              and event.published = record.published
    )
"""


class Store:
    """Rows are inserted in batches and queried with SQL; a query yields its rows one by one."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect("", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(
            f"pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -{CACHE_KIB}; {SCHEMA}"
        )

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows with a value for each column of the table."""
        [width] = self.connection.execute(f"select count(*) from pragma_table_info('{table}')").fetchone()
        places = ", ".join("?" * width)
        self.connection.execute("begin")
        self.connection.executemany(f"insert into {table} values ({places})", rows)
        self.connection.execute("commit")

    def insert_records(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert records of topics, each without its bytes where they are those of its event."""
        last = self.value("select coalesce(max(rowid), 0) from record")
        self.insert("record", rows)
        self.connection.execute(DROP_COPIES, (last,))

    def index(self, indexes: str) -> None:
        """Create indexes, once their tables are filled."""
        self.connection.executescript(indexes)

    def query(self, sql: str, *parameters: Any) -> Iterator[sqlite3.Row]:
        yield from self.connection.execute(sql, parameters)

    def value(self, sql: str, *parameters: Any) -> Any:
        """Return the only column of the only row."""
        [row] = self.connection.execute(sql, parameters).fetchall()
        return row[0]

    def count(self, table: str, where: str = "true", *parameters: Any) -> int:
        return int(self.value(f"select count(*) from {table} where {where}", *parameters))

    def close(self) -> None:
        self.connection.close()


def digest(*parts: bytes | None) -> bytes:
    """Return 16 bytes that are the same for the same parts; a missing part is not an empty one."""
    framed = b"".join(b"-" if part is None else b"%d:%b" % (len(part), part) for part in parts)
    return blake2b(framed, digest_size=16).digest()
