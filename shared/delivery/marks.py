"""Which events of each subject are folded already: the set of their numbers, kept short.

Numbers of a subject have no gap, so the set is a last number before which all are folded, and those
beyond a gap (`ahead`), which is nearly always empty. A number in neither is folded, whenever it comes.
"""

from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger
from sqlmodel import Field

from shared.db import Connection
from shared.delivery import DeliveryTable
from shared.delivery.projection import Fact

Subject = tuple[str, str]

LOAD = """
    select source, subject, last, ahead from projection_mark
    join unnest($1::text[], $2::text[]) as wanted (source, subject) using (source, subject)
"""
SAVE = """
    insert into projection_mark (source, subject, last, ahead)
    select u.source, u.subject, u.last, u.ahead::text::bigint[]
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as u (source, subject, last, ahead) order by 1, 2
    on conflict (source, subject) do update set last = excluded.last, ahead = excluded.ahead
"""
MOST = 200_000  # subjects held in memory


class Mark(DeliveryTable, table=True):
    __tablename__ = "projection_mark"

    source: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)
    ahead: list[int] = Field(sa_type=ARRAY(BigInteger))


class Marks:
    """Held in memory: a subject's records come from one partition, which the fence makes ours alone."""

    def __init__(self) -> None:
        self.last: dict[Subject, int] = {}
        self.ahead: dict[Subject, set[int]] = {}
        self.touched: set[Subject] = set()

    def clear(self) -> None:
        self.last, self.ahead, self.touched = {}, {}, set()

    async def load(self, connection: Connection, facts: Iterable[Fact]) -> None:
        if len(self.last) > MOST:
            self.clear()
        wanted = sorted({(fact.source, fact.subject) for fact in facts} - self.last.keys())
        if not wanted:
            return
        self.last |= dict.fromkeys(wanted, 0)
        for row in await connection.fetch(LOAD, *map(list, zip(*wanted, strict=True))):
            subject = (row["source"], row["subject"])
            self.last[subject], self.ahead[subject] = row["last"], set(row["ahead"])

    def is_new(self, fact: Fact) -> bool:
        """Whether this number was not folded before; it is from now on."""
        subject, number = (fact.source, fact.subject), fact.sequence
        last, ahead = self.last[subject], self.ahead.setdefault(subject, set())
        if number <= last or number in ahead:
            return False
        ahead.add(number)
        while last + 1 in ahead:
            last += 1
            ahead.discard(last)
        self.last[subject] = last
        self.touched.add(subject)
        return True

    async def save(self, connection: Connection) -> None:
        subjects = sorted(self.touched)
        self.touched = set()
        if subjects:
            ahead = ["{" + ",".join(map(str, sorted(self.ahead[subject]))) + "}" for subject in subjects]
            sources, names = zip(*subjects, strict=True)
            await connection.execute(
                SAVE, list(sources), list(names), [self.last[s] for s in subjects], ahead
            )
