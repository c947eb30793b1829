"""How often a record was begun, counted in Postgres: of those alone that may have failed, or killed their process.

After a start nobody knows what was begun beyond the acknowledged offset. So the first record of each partition is
marked, beside others; whoever finds such a mark knows that the life before did not end well, and handles that
partition with care: one record at a time, with nothing else in hand, counted and acknowledged by itself.

A process that dies then died in that record's handling; but it may have been killed from outside. The record is
tried again only after a calm, which grows with each death and in which all others go on: five kills that happen to
meet the same record, and never the calm between, are no chance. Where several records of ours are under the same
suspicion, it is none of them.
"""

from aiokafka import TopicPartition

from shared.database.engine import Database
from shared.messaging import dead_letters
from shared.messaging.kafka import Record, is_internal, topic_partition
from shared.observability.metrics import RETRIED

SUSPECTED = 2  # times begun and not ended, from which on a record is suspected


class PossiblyPoison(Exception):
    """The process died in this record's handling; others come first for a while."""

    def __init__(self, deaths: int) -> None:
        super().__init__(
            f"{deaths}번 처리 중에 프로세스가 끝났습니다 / the process ended {deaths} times in its handling"
        )
        self.deaths = deaths


class PoisonDetector:
    """What speaks against the records of one consumer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.careful: set[TopicPartition] = set()
        self.marked: dict[TopicPartition, Record] = {}
        self.failed: dict[TopicPartition, int] = {}
        self.calmed: dict[TopicPartition, int] = {}

    async def mark(self, record: Record) -> None:
        """The first record of a partition that this life begins."""
        at = topic_partition(record)
        async with self.database.transaction() as session:
            if not await dead_letters.mark(session, record):
                self.careful.add(at)
        self.marked[at] = record

    async def attempt(self, record: Record) -> int:
        """How often it was begun, this time included; 0 where nothing speaks against it. Raises Suspected, once a life."""
        at = topic_partition(record)
        if self.failed.get(at) == record.offset:
            return await self.count(record, least=2)
        if at not in self.careful:
            return 0
        if self.calmed.get(at) != record.offset and (deaths := await self.deaths(record)):
            self.calmed[at] = record.offset
            raise PossiblyPoison(deaths)
        return await self.count(record, least=1)

    async def count(self, record: Record, least: int) -> int:
        async with self.database.transaction() as session:
            counted = await dead_letters.count(session, record, least)
        if counted > 1:
            RETRIED.labels(self.database.schema, record.topic).inc()
        return counted

    async def deaths(self, record: Record) -> int:
        async with self.database.transaction() as session:
            return await dead_letters.counted(session, record)

    async def is_to_blame(self, record: Record) -> bool:
        """Whether the record itself must be what ends the process: none of ours is while another is suspected too."""
        if not is_internal(record):
            return True
        async with self.database.transaction() as session:
            return not await dead_letters.others(session, record, SUSPECTED)

    def is_marked(self, record: Record) -> bool:
        return self.marked.get(topic_partition(record)) is record

    async def forget(self, record: Record) -> None:
        async with self.database.transaction() as session:
            await dead_letters.forget(session, record)

    async def acknowledged(self, at: TopicPartition) -> None:
        """Only now is the mark from which a next life would begin of no more concern."""
        if record := self.marked.get(at):
            await self.forget(record)
            del self.marked[at]
