"""I4: no event is lost, on its way to its topic or at any group that subscribes to it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import TopicPartition

from tools.audit.contract import GROUPS, PROJECTOR, SUBSCRIPTIONS, source_of
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant, Violations
from tools.audit.snapshot import Offsets
from tools.audit.store import Store

UNPUBLISHED = """
    select service, id, name, subject, topic from event
    where not exists (select 1 from record where record.source = event.source and record.id = event.id
                                             and record.topic = event.topic)
      and not exists (select 1 from outbox where outbox.service = event.service and outbox.position = event.position)
    order by service, position
"""
# The records of a group's topics, each with what the group stored about it.
RECORDS = """
    select r.topic, r.partition, r.offset, r.source, r.id, r.type, r.sequence,
           exists (select 1 from dead_letter d where d.service = ? and d.consumer = ? and d.topic = r.topic
                   and d.partition = r.partition and d.offset = r.offset) as is_dead,
           exists (select 1 from parked p where p.service = ? and p.topic = r.topic
                   and p.partition = r.partition and p.offset = r.offset) as is_parked,
           exists (select 1 from inbox i where i.consumer = ? and i.source = r.source and i.id = r.id
                   and i.payload = r.payload) as is_in_inbox,
           w.contiguous, w.beyond_gap
    from record r left join watermark w on w.source = r.source and w.subject = r.subject
    where r.topic in ({topics}) order by r.topic, r.partition, r.offset
"""
FROM_NOWHERE = """
    select source, id from inbox i where consumer = ? and not exists (
        select 1 from record r where r.source = i.source and r.id = i.id and r.topic in ({topics})
    ) order by 1, 2
"""
OTHER_BYTES = """
    select d.* from dead_letter d left join record r on r.topic = d.topic and r.partition = d.partition
        and r.offset = d.offset
    where r.bytes is null or r.bytes <> d.bytes order by service, d.topic, d.partition, d.offset
"""

HANDLED, PARKED, DEAD_LETTER, SKIPPED, UNREAD = "handled", "parked", "dead", "skipped", "unread"


@dataclass
class GroupAudit:
    """Audit of one group: the outcome of each record of its topics."""

    group: str
    read: Offsets
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.topics = tuple(GROUPS[self.group])
        self.service, _, projector = self.group.partition(".")
        self.consumer = projector or "consumer"
        self.types: Mapping[str, str] = {
            type: topic for topic, types in GROUPS[self.group].items() for type in types
        }
        self.bases = {_base(type) for type in self.types}

    def lost(self, store: Store) -> Iterator[str]:
        """Yield each record that the group neither handled, parked, dead-lettered nor may skip."""
        stored_by = (self.service, self.consumer, self.service, self.service)
        for record in store.query(RECORDS.format(topics=_places(self.topics)), *stored_by, *self.topics):
            if (outcome := self.outcome(record)) is not None:
                self.tally[outcome] += 1
                continue
            yield (
                f"{_position(record)} ({record['id'] or '읽을 수 없는 기록'}): {self.group}에서 처리도 대기도 처리 못 한 사건도 아닙니다 "
                f"/ neither handled, parked nor a dead letter at {self.group}"
            )

    def outcome(self, record: Any) -> str | None:
        """A known type in another version, or on a topic or of a source not its own, must be a dead letter."""
        if record["offset"] >= self.read.get(TopicPartition(record["topic"], record["partition"]), 0):
            return UNREAD
        if record["is_dead"]:
            return DEAD_LETTER
        if record["type"] is None:
            return None
        if record["type"] not in self.types:
            return None if _base(record["type"]) in self.bases else SKIPPED
        topic = self.types[record["type"]]
        is_own = (record["topic"], record["source"]) == (topic, source_of(topic))
        return self._settled(record) if is_own else None

    def _settled(self, record: Any) -> str | None:
        if self.group == PROJECTOR:
            return HANDLED if _is_projected(record) else None
        if record["is_parked"]:
            return PARKED
        return HANDLED if record["is_in_inbox"] else None


async def check(evidence: Evidence) -> Finding:
    """Every event of every log, every record at each group that reads its topic, every stored dead letter."""
    store, found = evidence.store, Violations()
    found.add(_unpublished(store))
    audits = [GroupAudit(group, evidence.snapshot.read[group]) for group in GROUPS]
    for audit in audits:
        found.add(audit.lost(store))
    found.add(_from_nowhere(store))
    found.add(_other_bytes(store))
    counts = [
        Count(store.count("event"), "발행한 사건", "events logged"),
        *(
            Count(audit.tally[HANDLED], f"{audit.group}에서 처리", f"handled at {audit.group}")
            for audit in audits
        ),
        *(
            Count(sum(audit.tally[outcome] for audit in audits), ko, en, needed=False)
            for outcome, ko, en in (
                (PARKED, "대기", "parked"),
                (DEAD_LETTER, "처리 못 한 사건", "dead letters"),
                (UNREAD, "아직 읽지 않음", "not read yet"),
                (SKIPPED, "구독하지 않는 종류라 건너뜀", "of a type without a subscription, skipped"),
            )
        ),
    ]
    return Finding(counts, found.first, found.count)


def _unpublished(store: Store) -> Iterator[str]:
    """An event that waits in an outbox is not lost; the check of liveness reports that it waits."""
    for event in store.query(UNPUBLISHED):
        yield (
            f"{event['service']}의 사건 {event['id']} ({event['name']}, {event['subject']})이(가) {event['topic']}에 없습니다 "
            "/ an event of the log is not on its topic"
        )


def _from_nowhere(store: Store) -> Iterator[str]:
    for group, topics in SUBSCRIPTIONS.items():
        for row in store.query(FROM_NOWHERE.format(topics=_places(tuple(topics))), group, *topics):
            yield (
                f"{group}: {row['source']}의 사건 {row['id']}을(를) 처리했으나 토픽에 없습니다 "
                "/ handled, and on no topic that the group reads"
            )


def _other_bytes(store: Store) -> Iterator[str]:
    for row in store.query(OTHER_BYTES):
        yield (
            f"{_position(row)}: {row['service']}의 처리 못 한 사건이 토픽의 기록과 다릅니다 "
            "/ a dead letter does not have the bytes of its record"
        )


def _is_projected(record: Any) -> bool:
    beyond_gap = orjson.loads(record["beyond_gap"] or "[]")
    return record["sequence"] <= (record["contiguous"] or 0) or record["sequence"] in beyond_gap


def _places(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


def _position(row: Any) -> str:
    return f"{row['topic']}/{row['partition']}@{row['offset']}"


def _base(type: str) -> str:
    return type.rpartition(".v")[0]


INVARIANT = Invariant(
    "I4",
    "잃어버린 사건이 없다(발행한 것은 모두 토픽에, 토픽의 것은 모두 처리·대기·처리 못 한 사건 가운데 하나)",
    "no lost event: each is on its topic, and handled, parked or a dead letter wherever it is subscribed to",
    check,
)
