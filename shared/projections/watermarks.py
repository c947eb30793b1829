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
from shared.projections.projection import Fact
from shared.projections.upserts import DOCUMENT, RECORDS, json

Subject = tuple[str, str]
Read = tuple[Record, Fact]
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
MOST = 50_000  # subjects held in memory


class Mark(SharedTable, table=True):
    __tablename__ = "projection_mark"

    source: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)
    ahead: list[int] = Field(sa_type=ARRAY(BigInteger))


class Marked(NamedTuple):
    """What is to be written: the last number of each subject, by source; and rows of those that have a gap."""

    last: dict[str, dict[str, int]]
    gaps: list[dict[str, Any]]


class Marks:
    """Held in memory: a subject's records come from one partition, which the fence makes ours alone."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.last: dict[str, dict[str, int]] = {}  # by source, then by subject
        self.ahead: dict[Subject, set[int]] = {}
        self.touched: dict[str, set[str]] = {}
        self.handed: dict[str, set[str]] = {}

    async def load(self, connection: Reader, facts: Iterable[Fact]) -> None:
        if sum(map(len, self.last.values())) > MOST:
            # What was handed over last may not be in the database yet.
            self.last, self.ahead = self.of_handed()
        wanted = self.meet(facts)
        if not wanted:
            return
        for row in await connection.fetch(LOAD, json(wanted)):
            self.last[row["source"]][row["subject"]] = row["last"]
            if row["ahead"]:
                self.ahead[row["source"], row["subject"]] = set(row["ahead"])

    def meet(self, facts: Iterable[Fact]) -> dict[str, list[str]]:
        """Subjects by source that were not met before; they begin before their first number."""
        wanted: dict[str, list[str]] = {}
        for fact in facts:
            numbers = self.last.setdefault(fact.source, {})
            if fact.subject not in numbers:
                numbers[fact.subject] = 0
                wanted.setdefault(fact.source, []).append(fact.subject)
        return wanted

    def new(self, read: Iterable[Read]) -> list[Read]:
        """Those whose number was not folded before; it is from now on."""
        last, touched, found = self.last, self.touched, []
        for one in read:
            fact = one[1]
            numbers, subject, number = last[fact.source], fact.subject, fact.sequence
            if number == numbers[subject] + 1 and not self.ahead:
                numbers[subject] = number
            elif not self.add(fact):
                continue
            touched.setdefault(fact.source, set()).add(subject)
            found.append(one)
        return found

    def add(self, fact: Fact) -> bool:
        """Whether it is new: beside a gap, which it may close, or not."""
        numbers, subject, number = self.last[fact.source], (fact.source, fact.subject), fact.sequence
        last, ahead = numbers[fact.subject], self.ahead.get(subject, set())
        if number <= last or number in ahead:
            return False
        ahead.add(number)
        while last + 1 in ahead:
            last += 1
            ahead.discard(last)
        numbers[fact.subject] = last
        if ahead:
            self.ahead[subject] = ahead
        else:
            self.ahead.pop(subject, None)
        return True

    def hand_over(self) -> Marked:
        self.handed, self.touched = self.touched, {}
        last, ahead = self.of_handed()
        gaps = [
            {"source": source, "subject": subject, "last": last[source].pop(subject), "ahead": sorted(beyond)}
            for (source, subject), beyond in ahead.items()
        ]
        return Marked(last, gaps)

    def of_handed(self) -> tuple[dict[str, dict[str, int]], dict[Subject, set[int]]]:
        """What is remembered of the subjects that were handed over last."""
        last = {
            source: {subject: self.last[source][subject] for subject in subjects}
            for source, subjects in self.handed.items()
        }
        ahead = {at: beyond for at, beyond in self.ahead.items() if at[1] in last.get(at[0], ())}
        return last, ahead

    async def save(self, connection: Connection, given: Marked) -> None:
        if given.last:
            await connection.execute(SAVE, json(given.last))
        if given.gaps:
            await connection.execute(SAVE_GAPS, json(given.gaps))
