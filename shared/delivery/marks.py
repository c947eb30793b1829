"""Which events of each subject are folded already: the set of their numbers, kept short.

Numbers of a subject have no gap, so the set is a last number before which all are folded, and those
beyond a gap (`ahead`), which is nearly always empty. A number in neither is folded, whenever it comes.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger
from sqlmodel import Field

from shared.db import Connection, Reader
from shared.delivery import DeliveryTable
from shared.delivery.columns import RECORDS, json
from shared.delivery.projection import Fact

Subject = tuple[str, str]

GIVEN = f"{RECORDS} as given (source text, subject text, last bigint, ahead bigint[])"
# One probe of the index a subject: a join might read the whole table.
LOAD = f"""
    select m.* from {GIVEN} cross join lateral (
        select source, subject, last, ahead from projection_mark m
        where m.source = given.source and m.subject = given.subject limit 1
    ) m
"""
SAVE = f"""
    insert into projection_mark (source, subject, last, ahead) select * from {GIVEN} order by 1, 2
    on conflict (source, subject) do update set last = excluded.last, ahead = excluded.ahead
"""
MOST = 50_000  # subjects held in memory


class Mark(DeliveryTable, table=True):
    __tablename__ = "projection_mark"

    source: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)
    ahead: list[int] = Field(sa_type=ARRAY(BigInteger))


class Marks:
    """Held in memory: a subject's records come from one partition, which the fence makes ours alone."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.last: dict[Subject, int] = {}
        self.ahead: dict[Subject, set[int]] = {}
        self.touched: set[Subject] = set()
        self.handed: set[Subject] = set()

    async def load(self, connection: Reader, facts: Iterable[Fact]) -> None:
        if len(self.last) > MOST:
            # What was handed over last may not be in the database yet.
            self.last = {subject: self.last[subject] for subject in self.handed}
            self.ahead = {subject: ahead for subject, ahead in self.ahead.items() if subject in self.handed}
        named = {(fact.source, fact.subject) for fact in facts}
        wanted = [subject for subject in named if subject not in self.last]
        if not wanted:
            return
        self.last |= dict.fromkeys(wanted, 0)
        given = json([{"source": source, "subject": subject} for source, subject in wanted])
        for row in await connection.fetch(LOAD, given):
            subject = (row["source"], row["subject"])
            self.last[subject] = row["last"]
            if row["ahead"]:
                self.ahead[subject] = set(row["ahead"])

    def is_new(self, fact: Fact) -> bool:
        """Whether this number was not folded before; it is from now on."""
        subject, number = (fact.source, fact.subject), fact.sequence
        last = self.last[subject]
        if number == last + 1 and subject not in self.ahead:
            self.last[subject] = number
        elif number <= last or number in self.ahead.get(subject, ()):
            return False
        else:
            self.fill(subject, number)
        self.touched.add(subject)
        return True

    def fill(self, subject: Subject, number: int) -> None:
        """A number beside a gap: it may close it."""
        last, ahead = self.last[subject], self.ahead.setdefault(subject, set())
        ahead.add(number)
        while last + 1 in ahead:
            last += 1
            ahead.discard(last)
        self.last[subject] = last
        if not ahead:
            del self.ahead[subject]

    def hand_over(self) -> list[dict[str, Any]]:
        self.handed, self.touched = self.touched, set()
        return [self.row(subject) for subject in self.handed]

    async def save(self, connection: Connection, given: list[dict[str, Any]]) -> None:
        if given:
            await connection.execute(SAVE, json(given))

    def row(self, subject: Subject) -> dict[str, Any]:
        ahead = sorted(self.ahead.get(subject, ()))
        return {"source": subject[0], "subject": subject[1], "last": self.last[subject], "ahead": ahead}
