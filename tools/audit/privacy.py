"""I12: recipients' addresses stand in one table and nowhere else: in no event, record, dead letter or log."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tools.audit.contract import SERVICES
from tools.audit.database import Database
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.store import Store

RECIPIENTS = "select company_id::text as company_id, email, phone from notifications.recipient order by 1"
EVENTS = "select id, subject, attributes::text as attributes, data from {service}.event_log"
RESPONSES = "select principal, key, body from {service}.idempotency_key"
STORED = """
    select topic, partition, "offset", key, value, headers::text as headers, reason from {service}.{table}
"""
# Records that repeat their event have no bytes here: they are read as events.
RECORDS = "select topic, partition, offset, key, value, headers from record where headers is not null"

MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
DIGITS = re.compile(r"[+(]?\d[\d ().-]{8,}\d")
NATIONAL = 10  # digits of a mobile number after the leading 0 or +82
MOBILE = re.compile(r"(?=(?:0|82)(1[016789]\d{8}))")  # also inside a longer run of digits
HEX = re.compile(r'"((?:[0-9a-f]{2})+)"')

Text = tuple[str, str]  # where, and what stands there


@dataclass(frozen=True)
class KnownContacts:
    """The company of each address; numbers by their national digits, however they are written."""

    mails: Mapping[str, str]
    phones: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.mails) + len(self.phones)

    def companies_in(self, text: str) -> set[str]:
        """Return the companies whose address or number stands in the text."""
        plain = unquote(text) if "%" in text else text
        mails = (self.mails.get(match.group().strip(".").lower()) for match in MAIL.finditer(plain))
        return {company for company in (*mails, *self._by_phone(plain)) if company is not None}

    def _by_phone(self, text: str) -> Iterator[str | None]:
        for run in DIGITS.finditer(text):
            digits = re.sub(r"\D", "", run.group())
            yield from (self.phones.get(match.group(1)) for match in MOBILE.finditer(digits))


def known_contacts(rows: Iterable[Any]) -> KnownContacts:
    """Return e-mail addresses in lower case, and the last ten digits of each number (10 1234 5678)."""
    rows = list(rows)
    mails = {row["email"].lower(): row["company_id"] for row in rows if row["email"]}
    phones = {re.sub(r"\D", "", row["phone"])[-NATIONAL:]: row["company_id"] for row in rows if row["phone"]}
    return KnownContacts(mails, phones)


class Search:
    """Looks for the contacts in texts, and counts the texts."""

    def __init__(self, contacts: KnownContacts) -> None:
        self.contacts, self.violations = contacts, Violations()

    def look(self, where: str, text: str) -> None:
        """Report the place and the company; never the contact itself."""
        for company in sorted(self.contacts.companies_in(text)):
            self.violations.add(
                [f"{where}: 기업 {company}의 연락처가 있습니다 / the contact of this company stands here"]
            )

    async def stream(self, texts: AsyncIterator[Text]) -> int:
        count = 0
        async for where, text in texts:
            count += 1
            self.look(where, text)
        return count


async def check(evidence: Evidence) -> Finding:
    """Every place where something is stored, but the table of recipients itself."""
    database, store = evidence.database, evidence.store
    contacts = known_contacts(await database.rows(RECIPIENTS))
    search = Search(contacts)
    events = sum([await search.stream(_events(database, service)) for service in SERVICES])
    stored = sum([await search.stream(_stored(database, service)) for service in SERVICES])
    for where, text in _records(store):
        search.look(where, text)
    logs = sorted(evidence.target.logs.rglob("*.log*")) if evidence.target.logs is not None else []
    for where, line in _lines(logs):
        search.look(where, line)
    is_known = evidence.target.logs is not None
    counts = [
        Count(len(contacts), "받는 이의 주소와 번호", "addresses and numbers of recipients"),
        Count(events, "사건", "events"),
        Count(store.count("record"), "토픽의 기록", "records"),
        Count(len(logs), "기록 파일", "log files", needed=is_known),
        Count(stored, "처리 못 한 사건·대기·응답", "dead letters, parked, responses", needed=False),
    ]
    notes = (
        [] if is_known else ["기록 파일은 보지 않았습니다 / log files were not searched: no folder is known"]
    )
    return Finding(counts, search.violations.first, search.violations.count, notes)


async def _events(database: Database, service: str) -> AsyncIterator[Text]:
    async for row in database.stream(EVENTS.format(service=service)):
        yield f"{service} event_log {row['id']}", f"{row['subject']} {row['attributes']} {row['data']}"


async def _stored(database: Database, service: str) -> AsyncIterator[Text]:
    """Dead letters, parked records, and the stored responses to requests."""
    async for row in database.stream(RESPONSES.format(service=service)):
        yield f"{service} idempotency_key {row['key']}", _text(row["body"])
    for table in ("dead_letter", "parked"):
        async for row in database.stream(STORED.format(service=service, table=table)):
            yield f"{service} {table} {_position(row)}", f"{_record_text(row)} {row['reason']}"


def _records(store: Store) -> Iterator[Text]:
    yield from ((_position(row), _record_text(row)) for row in store.query(RECORDS))


def _record_text(row: Any) -> str:
    """Header values are stored in hex, for they may be any bytes."""
    headers = HEX.sub(lambda match: _text(bytes.fromhex(match.group(1))), row["headers"])
    return f"{_text(row['key'], row['value'])} {headers}"


def _lines(logs: Sequence[Path]) -> Iterator[Text]:
    for log in logs:
        with log.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                yield f"{log.name}:{number}", line


def _position(row: Any) -> str:
    return f"{row['topic']}/{row['partition']}@{row['offset']}"


def _text(*parts: Any) -> str:
    return " ".join(
        part.decode(errors="replace") if isinstance(part, bytes) else str(part)
        for part in parts
        if part is not None
    )


INVARIANT = Invariant(
    "I12",
    "받는 이의 연락처는 그 표 밖 어디에도 없다(사건·토픽·처리 못 한 사건·기록 파일)",
    "no personal data in events, topics, dead letters or logs",
    check,
)
