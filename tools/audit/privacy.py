"""I12: the recipients' addresses stand in one table and nowhere else: not in an event, a record, a dead letter, a log."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant

RECIPIENTS = "select company_id::text as company_id, email, phone from recipient order by 1"
LETTERS = {
    "dead_letter": 'select topic, partition, "offset", key, value, headers::text as headers, reason from dead_letter',
    "parked": 'select topic, partition, "offset", key, value, headers::text as headers, reason from parked',
}
ANSWERS = "select principal, key, body from idempotency_key"

MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
DIGITS = re.compile(r"[+(]?\d[\d ().-]{8,}\d")
NATIONAL = 10  # digits of a mobile number after the leading 0 or +82
MOBILE = re.compile(r"(?=(?:0|82)(1[016789]\d{8}))")  # also inside a longer run of digits


@dataclass(frozen=True)
class Canaries:
    """Whose address each is; a number by its national digits, however it is written."""

    mails: Mapping[str, str]
    phones: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.mails) + len(self.phones)

    def owners(self, text: str) -> set[str]:
        """The companies whose address or number stands in the text."""
        plain = unquote(text) if "%" in text else text
        mails = (self.mails.get(one.group().strip(".").lower()) for one in MAIL.finditer(plain))
        return {owner for owner in (*mails, *self._called(plain)) if owner is not None}

    def _called(self, text: str) -> Iterator[str | None]:
        for run in DIGITS.finditer(text):
            digits = re.sub(r"\D", "", run.group())
            yield from (self.phones.get(one.group(1)) for one in MOBILE.finditer(digits))


async def check(evidence: Evidence) -> Finding:
    """Every place where something is kept, but the table of recipients itself."""
    canaries = canaries_of(await evidence.rows("notifications", RECIPIENTS))
    kept = [place for service in evidence.logged for place in await _kept(evidence, service)]
    logs = sorted(evidence.target.logs.rglob("*.log*"))
    events = [(f"{e.service} event_log {e.id}", e) for log in evidence.logged.values() for e in log]
    places = [
        *((where, f"{event.subject} {dict(event.attributes)} {event.data}") for where, event in events),
        *((record.words, _text(record.key, record.value, record.headers)) for record in evidence.records),
        *kept,
        *_lines(logs),
    ]
    counts = [
        Count(len(canaries), "받는 이의 주소와 번호", "addresses and numbers of recipients"),
        Count(len(events), "사건", "events"),
        Count(len(evidence.records), "토픽의 기록", "records"),
        Count(len(logs), "기록 파일", "log files"),
        Count(len(kept), "처리 못 한 사건·대기·응답", "dead letters, parked, answers", needed=False),
    ]
    return Finding(counts, list(_found(canaries, places)))


def canaries_of(rows: Iterable[Any]) -> Canaries:
    """E-mail addresses in lower case; the last ten digits of each number (10 1234 5678)."""
    rows = list(rows)
    mails = {row["email"].lower(): row["company_id"] for row in rows if row["email"]}
    phones = {re.sub(r"\D", "", row["phone"])[-NATIONAL:]: row["company_id"] for row in rows if row["phone"]}
    return Canaries(mails, phones)


def _found(canaries: Canaries, places: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Where, and whose; never the address itself."""
    for where, text in places:
        for owner in sorted(canaries.owners(text)):
            yield f"{where}: 기업 {owner}의 연락처가 있습니다 / the contact of this company stands here"


async def _kept(evidence: Evidence, service: str) -> list[tuple[str, str]]:
    """Dead letters, parked records, and the answers that were given to requests."""
    found = [
        (f"{service} idempotency_key {row['key']}", _text(row["body"]))
        for row in await evidence.rows(service, ANSWERS)
    ]
    for table, sql in LETTERS.items():
        for row in await evidence.rows(service, sql):
            where = f"{service} {table} {row['topic']}/{row['partition']}@{row['offset']}"
            found.append((where, f"{_unhexed(row)} {row['reason']}"))
    return found


def _unhexed(row: Any) -> str:
    """Header values are kept in hex, for they may be any bytes."""
    headers = re.sub(r'"((?:[0-9a-f]{2})+)"', lambda one: _text(bytes.fromhex(one.group(1))), row["headers"])
    return f"{_text(row['key'], row['value'])} {headers}"


def _lines(logs: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for log in logs:
        for number, line in enumerate(
            log.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        ):
            yield f"{log.name}:{number}", line


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
