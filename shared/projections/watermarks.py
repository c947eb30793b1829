"""Which events of each subject are folded already: the set of their numbers, kept short.

Numbers of a subject have no gap, so the set is a last number before which all are folded, and those
beyond a gap (`ahead`), which is nearly always empty. A number in neither is folded, whenever it comes.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger
from sqlmodel import Field

from shared.database.engine import Connection, Reader
from shared.database.tables import SharedTable
from shared.messaging.kafka import Record
from shared.projections.projection import DecodedEvent
from shared.projections.upserts import DOCUMENT, RECORDS, json

Subject = tuple[str, str]
ReadEvent = tuple[Record, DecodedEvent]
"""A record, and what was read of it."""

# {source: [subject]}. One probe of the index a subject: a join might read the whole table.
LOAD = f"""
    select given.source, m.* from json_each({DOCUMENT}) as given (source, subjects)
    cross join lateral json_array_elements_text(given.subjects) as named (subject)
    cross join lateral (
        select subject, last, ahead from projection_mark m
        where m.source = given.source and m.subject = named.subject limit 1
    ) m
"""
# {source: {subject: last}}, of those without a gap.
SAVE = f"""
    insert into projection_mark (source, subject, last, ahead)
    select given.source, mark.subject, mark.last::bigint, '{{}}'
    from json_each({DOCUMENT}) as given (source, marks)
    cross join lateral json_each_text(given.marks) as mark (subject, last)
    order by 1, 2
    on conflict (source, subject) do update set last = excluded.last, ahead = excluded.ahead
"""
SAVE_GAPS = f"""
    insert into projection_mark (source, subject, last, ahead)
    select * from {RECORDS} as given (source text, subject text, last bigint, ahead bigint[]) order by 1, 2
    on conflict (source, subject) do update set last = excluded.last, ahead = excluded.ahead
"""
MAX_SUBJECTS = 50_000  # subjects held in memory


class Watermark(SharedTable, table=True):
    __tablename__ = "projection_mark"

    source: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)
    ahead: list[int] = Field(sa_type=ARRAY(BigInteger))


class WatermarkChanges(NamedTuple):
    """What is to be written: the last number of each subject, by source; and rows of those that have a gap."""

    contiguous: dict[str, dict[str, int]]
    gaps: list[dict[str, Any]]


class Watermarks:
    """Held in memory: a subject's records come from one partition, which the fence makes ours alone."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.contiguous: dict[str, dict[str, int]] = {}  # by source, then by subject
        self.beyond_gap: dict[Subject, set[int]] = {}
        self.changed: dict[str, set[str]] = {}
        self.draining: dict[str, set[str]] = {}

    async def load(self, connection: Reader, facts: Iterable[DecodedEvent]) -> None:
        if sum(map(len, self.contiguous.values())) > MAX_SUBJECTS:
            # What was handed over last may not be in the database yet.
            self.contiguous, self.beyond_gap = self.draining_watermarks()
        wanted = self.add_missing(facts)
        if not wanted:
            return
        for row in await connection.fetch(LOAD, json(wanted)):
            self.contiguous[row["source"]][row["subject"]] = row["last"]
            if row["ahead"]:
                self.beyond_gap[row["source"], row["subject"]] = set(row["ahead"])

    def add_missing(self, facts: Iterable[DecodedEvent]) -> dict[str, list[str]]:
        """Subjects by source that were not met before; they begin before their first number."""
        wanted: dict[str, list[str]] = {}
        for fact in facts:
            numbers = self.contiguous.setdefault(fact.source, {})
            if fact.subject not in numbers:
                numbers[fact.subject] = 0
                wanted.setdefault(fact.source, []).append(fact.subject)
        return wanted

    def select_new(self, read: Iterable[ReadEvent]) -> list[ReadEvent]:
        """Those whose number was not folded before; it is from now on."""
        last, touched, found = self.contiguous, self.changed, []
        for one in read:
            fact = one[1]
            numbers, subject, number = last[fact.source], fact.subject, fact.sequence
            if number == numbers[subject] + 1 and not self.beyond_gap:
                numbers[subject] = number
            elif not self.add(fact):
                continue
            touched.setdefault(fact.source, set()).add(subject)
            found.append(one)
        return found

    def add(self, fact: DecodedEvent) -> bool:
        """Whether it is new: beside a gap, which it may close, or not."""
        numbers, subject, number = self.contiguous[fact.source], (fact.source, fact.subject), fact.sequence
        last, ahead = numbers[fact.subject], self.beyond_gap.get(subject, set())
        if number <= last or number in ahead:
            return False
        ahead.add(number)
        while last + 1 in ahead:
            last += 1
            ahead.discard(last)
        numbers[fact.subject] = last
        if ahead:
            self.beyond_gap[subject] = ahead
        else:
            self.beyond_gap.pop(subject, None)
        return True

    def drain(self) -> WatermarkChanges:
        self.draining, self.changed = self.changed, {}
        last, ahead = self.draining_watermarks()
        gaps = [
            {"source": source, "subject": subject, "last": last[source].pop(subject), "ahead": sorted(beyond)}
            for (source, subject), beyond in ahead.items()
        ]
        return WatermarkChanges(last, gaps)

    def draining_watermarks(self) -> tuple[dict[str, dict[str, int]], dict[Subject, set[int]]]:
        """What is remembered of the subjects that were handed over last."""
        last = {
            source: {subject: self.contiguous[source][subject] for subject in subjects}
            for source, subjects in self.draining.items()
        }
        ahead = {at: beyond for at, beyond in self.beyond_gap.items() if at[1] in last.get(at[0], ())}
        return last, ahead

    async def save(self, connection: Connection, given: WatermarkChanges) -> None:
        if given.contiguous:
            await connection.execute(SAVE, json(given.contiguous))
        if given.gaps:
            await connection.execute(SAVE_GAPS, json(given.gaps))
