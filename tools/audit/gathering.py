"""Copy what is joined from the databases and the topics into the store, in batches."""

from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import sha256
from typing import Any

import orjson

from tools.audit import topic_reader
from tools.audit.contract import SERVICES, TYPE_PREFIX, newest
from tools.audit.database import PREFETCH, Database
from tools.audit.store import EVENT_INDEXES, INDEXES, Store, digest
from tools.audit.topic_reader import Partitions, Record

Row = tuple[Any, ...]

EVENTS = """
    select position, id::text as id, topic, subject, sequence, type, occurred_on::text as occurred_on,
           attributes::text as attributes, data
    from {service}.event_log order by position
"""
INBOX = "select source, id, digest from {service}.inbox"
OUTBOX = "select position from {service}.outbox"
DEAD_LETTERS = 'select consumer, topic, partition, "offset", rule, key, value from {service}.dead_letter'
PARKED = 'select topic, partition, "offset" from {service}.parked'
WATERMARKS = "select source, subject, contiguous, beyond_gap from projection_watermark"
TIMELINE = "select source, id, name, subject, sequence, data::text as data from timeline"
PAYMENTS = """
    select payment_id::text, case_id::text, number, amount_krw, answer, treasury_reference from funding.payment
"""
DISBURSEMENTS = """
    select caused_by, case_id::text, count(distinct set_id), sum(amount_krw) filter (where kind = 'disbursed')::bigint
    from funding.posting where reason = 'tranche.disbursed' group by 1, 2
"""


async def gather(database: Database, bootstrap: str, partitions: Partitions) -> Store:
    """Return a filled store: the tables as of the database's snapshot, then the topics up to now."""
    store = Store()
    for service in SERVICES:
        await _copy(store, "event", database.stream(EVENTS.format(service=service)), _event(service))
    store.index(EVENT_INDEXES)
    for service in SERVICES:
        await _copy_messaging(store, database, service)
    await _copy(store, "watermark", database.stream(WATERMARKS), _watermark)
    await _copy(store, "timeline", database.stream(TIMELINE), _timeline)
    await _copy(store, "payment", database.stream(PAYMENTS), tuple)
    await _copy(store, "disbursement", database.stream(DISBURSEMENTS), tuple)
    async for batch in topic_reader.batches(bootstrap, partitions):
        store.insert_records(map(_record, batch))
    store.index(INDEXES)
    return store


async def _copy_messaging(store: Store, database: Database, service: str) -> None:
    for table, sql, convert in (
        ("inbox", INBOX, lambda row: (service, row["source"], row["id"], bytes(row["digest"]))),
        ("outbox", OUTBOX, lambda row: (service, row["position"])),
        ("dead_letter", DEAD_LETTERS, lambda row: _dead_letter(service, row)),
        ("parked", PARKED, lambda row: (service, *row)),
    ):
        await _copy(store, table, database.stream(sql.format(service=service)), convert)


async def _copy(store: Store, table: str, rows: AsyncIterator[Any], convert: Callable[[Any], Row]) -> None:
    batch: list[Row] = []
    async for row in rows:
        batch.append(convert(row))
        if len(batch) == PREFETCH:
            store.insert(table, batch)
            batch.clear()
    store.insert(table, batch)


def _event(service: str) -> Callable[[Any], Row]:
    def convert(row: Any) -> Row:
        attributes, body = orjson.loads(row["attributes"]), _object(row["data"])
        type, content = newest(row["type"], body)
        headers = {f"ce_{name}": text.encode() for name, text in attributes.items()}
        headers |= {"ce_sequence": b"%020d" % row["sequence"], "content-type": b"application/json"}
        value = row["data"].encode()
        return (
            service, row["position"], row["id"], f"/services/{service}", row["topic"], row["subject"], row["sequence"],
            row["type"], name_of(row["type"]), row["occurred_on"], body.get("case_id"),
            attributes.get("causationid"), attributes.get("correlationid"), attributes.get("authid"),
            _published(row["topic"], row["subject"].encode(), value, headers),
            _content(type.removeprefix(TYPE_PREFIX), row["subject"], row["sequence"], content),
            row["data"],
        )  # fmt: skip

    return convert


def _record(record: Record) -> Row:
    attributes = record.attributes
    type, sequence = attributes.get("type"), attributes.get("sequence", "")
    headers = [[name, value.hex()] for name, value in record.headers]
    return (
        record.topic, record.partition, record.offset, record.is_external, attributes.get("source"),
        attributes.get("id"), type, type and name_of(type), attributes.get("subject"),
        int(sequence) if str(sequence).isdigit() else 0, _text(attributes.get("causationid")),
        _published(record.topic, record.key, record.value, dict(record.headers)),
        type and sha256(type.encode() + b"\n" + record.data).digest(),
        digest(record.key, record.value), record.key, record.value, orjson.dumps(headers).decode(), _body(record),
    )  # fmt: skip


def _body(record: Record) -> str | None:
    """The event of another system; ours are in their logs."""
    is_event = record.is_external and record.attributes and _object(record.data)
    return record.data.decode() if is_event else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _dead_letter(service: str, row: Any) -> Row:
    position = (row["topic"], row["partition"], row["offset"])
    return service, row["consumer"], *position, row["rule"], digest(row["key"], row["value"])


def _watermark(row: Any) -> Row:
    return row["source"], row["subject"], row["contiguous"], orjson.dumps(list(row["beyond_gap"])).decode()


def _timeline(row: Any) -> Row:
    content = _content(row["name"], row["subject"], row["sequence"], _object(row["data"]))
    return row["source"], row["id"], content


def name_of(type: str) -> str:
    """Return an event type without prefix and version, such as tranche.approved."""
    return type.removeprefix(TYPE_PREFIX).rpartition(".v")[0]


def _published(topic: str, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]) -> bytes:
    parts = [part for name in sorted(headers) for part in (name.encode(), headers[name])]
    return digest(topic.encode(), key, value, *parts)


def _content(name: str, subject: str, sequence: int, body: Mapping[str, Any]) -> bytes:
    return digest(
        name.encode(), subject.encode(), b"%d" % sequence, orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    )


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
