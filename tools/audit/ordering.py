"""I6: the events of a subject are on its topic, and in its log, as 1, 2, 3 … in this order and without a gap."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, finding
from tools.audit.store import Store

RECORDS = """
    select topic, source, subject, partition, id, sequence from record
    where not is_external and id is not null order by topic, source, subject, partition, offset
"""
LOGGED = "select service, subject, sequence from event order by service, subject, position"


class Tally:
    """How many subjects and events were looked at."""

    subjects = events = several = 0

    def add(self, count: int) -> None:
        self.subjects += 1
        self.events += count
        self.several += count > 1


async def check(evidence: Evidence) -> Finding:
    """Every subject of our own topics, by the first record of each of its events; and every subject of the logs."""
    tally = Tally()
    found = finding([], _topics(evidence.store, tally), _logs(evidence.store))
    counts = [
        Count(tally.subjects, "대상", "subjects"),
        Count(tally.events, "사건", "events"),
        Count(tally.several, "둘 이상 이어진 대상", "subjects of several events"),
    ]
    return Finding(counts, found.violations, found.broken)


def _topics(store: Store, tally: Tally) -> Iterator[str]:
    for key, records in groupby(
        store.query(RECORDS), lambda row: (row["topic"], row["source"], row["subject"])
    ):
        (topic, source, subject), first = key, list(_first_deliveries(records))
        tally.add(len(first))
        if len({record["partition"] for record in first}) > 1:
            yield f"{topic} {subject}: 두 파티션에 나뉘어 순서가 없습니다 / on two partitions, so without an order"
        if problem := _gap([record["sequence"] for record in first]):
            yield f"{source} {subject}: 순번이 {problem} / numbers are not 1, 2, 3 … on {topic}"


def _first_deliveries(records: Iterator[Any]) -> Iterator[Any]:
    """At least once means that an event may be on its topic again: only its first record counts."""
    known: set[str] = set()
    for record in records:
        if record["id"] not in known:
            known.add(record["id"])
            yield record


def _logs(store: Store) -> Iterator[str]:
    for (service, subject), events in groupby(
        store.query(LOGGED), lambda row: (row["service"], row["subject"])
    ):
        if problem := _gap([event["sequence"] for event in events]):
            yield f"{service} {subject}: 순번이 {problem} / numbers are not 1, 2, 3 … in the log of {service}"


def _gap(numbers: Sequence[int]) -> str | None:
    wrong = ((due, number) for due, number in enumerate(numbers, start=1) if due != number)
    return next((f"{due}이어야 할 곳에서 {number}" for due, number in wrong), None)


INVARIANT = Invariant(
    "I6",
    "한 대상의 사건은 1, 2, 3 … 순서대로, 빠짐없이 토픽과 기록에 있다",
    "order per key: 1, 2, 3 … without a gap, on the topic and in the log",
    check,
)
