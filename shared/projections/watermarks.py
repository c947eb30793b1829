"""Watermarks: the numbers of each subject's events that are folded already, kept short.

The events of a subject are numbered without a gap, so the set is a contiguous number, up to which all are folded, and
the numbers beyond a gap, which are nearly always none. A number in neither is folded whenever it arrives.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger
from sqlmodel import Field

from shared.database.tables import SharedTable
from shared.database.transaction import Connection
from shared.messaging.kafka import Record
from shared.projections.projection import DecodedEvent
from shared.projections.table_sql import DOCUMENT, RECORDS, json

Subject = tuple[str, str]
"""Source and subject."""
DecodedRecord = tuple[Record, DecodedEvent]

# {source: [subject]}. One index probe per subject: a join might read the whole table.
LOAD = f"""
    select given.source, w.* from json_each({DOCUMENT}) as given (source, subjects)
    cross join lateral json_array_elements_text(given.subjects) as named (subject)
    cross join lateral (
        select subject, contiguous, beyond_gap from projection_watermark w
        where w.source = given.source and w.subject = named.subject limit 1
    ) w
"""
# {source: {subject: contiguous}}, of the subjects without a gap.
SAVE = f"""
    insert into projection_watermark (source, subject, contiguous, beyond_gap)
    select given.source, watermark.subject, watermark.contiguous::bigint, '{{}}'
    from json_each({DOCUMENT}) as given (source, watermarks)
    cross join lateral json_each_text(given.watermarks) as watermark (subject, contiguous)
    order by 1, 2
    on conflict (source, subject) do update
        set contiguous = excluded.contiguous, beyond_gap = excluded.beyond_gap
"""
SAVE_GAPS = f"""
    insert into projection_watermark (source, subject, contiguous, beyond_gap)
    select * from {RECORDS} as given (source text, subject text, contiguous bigint, beyond_gap bigint[])
    order by 1, 2
    on conflict (source, subject) do update
        set contiguous = excluded.contiguous, beyond_gap = excluded.beyond_gap
"""
MAX_SUBJECTS = 50_000  # subjects held in memory


class Watermark(SharedTable, table=True):
    """A subject's folded event numbers: all up to `contiguous`, and those in `beyond_gap`."""

    __tablename__ = "projection_watermark"

    source: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    contiguous: int = Field(sa_type=BigInteger)
    beyond_gap: list[int] = Field(sa_type=ARRAY(BigInteger))


class Watermarks:
    """The watermarks held in memory: a subject's records come from one partition, which the fence lets one projector own."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.contiguous: dict[str, dict[str, int]] = {}  # by source, then by subject
        self.beyond_gap: dict[Subject, set[int]] = {}
        self.changed: dict[str, set[str]] = {}

    async def load(self, connection: Connection, events: Iterable[DecodedEvent]) -> None:
        """Read the watermarks of the events' subjects that are not in memory."""
        if sum(map(len, self.contiguous.values())) > MAX_SUBJECTS:
            self.contiguous, self.beyond_gap = {}, {}
        missing = self.add_missing(events)
        if not missing:
            return
        for row in await connection.fetch(LOAD, json(missing)):
            self.contiguous[row["source"]][row["subject"]] = row["contiguous"]
            if row["beyond_gap"]:
                self.beyond_gap[row["source"], row["subject"]] = set(row["beyond_gap"])

    def add_missing(self, events: Iterable[DecodedEvent]) -> dict[str, list[str]]:
        """Add the subjects that are not in memory, with nothing folded; return them by source."""
        missing: dict[str, list[str]] = {}
        for event in events:
            numbers = self.contiguous.setdefault(event.source, {})
            if event.subject not in numbers:
                numbers[event.subject] = 0
                missing.setdefault(event.source, []).append(event.subject)
        return missing

    def select_new(self, decoded: Iterable[DecodedRecord]) -> list[DecodedRecord]:
        """Return the records whose number was not folded before, and count it as folded from now on."""
        contiguous, changed, new = self.contiguous, self.changed, []
        for pair in decoded:
            event = pair[1]
            numbers, subject, number = contiguous[event.source], event.subject, event.sequence
            if number == numbers[subject] + 1 and not self.beyond_gap:
                numbers[subject] = number
            elif not self.add(event):
                continue
            changed.setdefault(event.source, set()).add(subject)
            new.append(pair)
        return new

    def add(self, event: DecodedEvent) -> bool:
        """Add a number that may lie beyond a gap or close one; return whether it is new."""
        numbers, subject, number = (
            self.contiguous[event.source],
            (event.source, event.subject),
            event.sequence,
        )
        contiguous, beyond_gap = numbers[event.subject], self.beyond_gap.get(subject, set())
        if number <= contiguous or number in beyond_gap:
            return False
        beyond_gap.add(number)
        while contiguous + 1 in beyond_gap:
            contiguous += 1
            beyond_gap.discard(contiguous)
        numbers[event.subject] = contiguous
        if beyond_gap:
            self.beyond_gap[subject] = beyond_gap
        else:
            self.beyond_gap.pop(subject, None)
        return True

    async def save(self, connection: Connection) -> None:
        """Write the watermarks that changed since the last call."""
        changed, self.changed = self.changed, {}
        contiguous = {
            source: {subject: self.contiguous[source][subject] for subject in subjects}
            for source, subjects in changed.items()
        }
        gaps: list[dict[str, Any]] = [
            {
                "source": source,
                "subject": subject,
                "contiguous": contiguous[source].pop(subject),
                "beyond_gap": sorted(beyond_gap),
            }
            for (source, subject), beyond_gap in self.beyond_gap.items()
            if subject in contiguous.get(source, ())
        ]
        if any(contiguous.values()):
            await connection.execute(SAVE, json(contiguous))
        if gaps:
            await connection.execute(SAVE_GAPS, json(gaps))
