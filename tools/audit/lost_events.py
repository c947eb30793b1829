"""I4: nothing that was said is lost, on the way to its topic or at any of those who hear it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from shared.events import Event
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.snapshot import Offsets
from tools.audit.subscriptions import CONSUMERS, FOLDED, PROJECTOR, topics_of
from tools.audit.topic_reader import Place, Seen

OUTBOX = "select position from outbox"
INBOX = "select source, id, digest from inbox"
DEAD = 'select topic, partition, "offset" from dead_letter where consumer = $1'
PARKED = 'select topic, partition, "offset" from parked'
MARKS = "select source, subject, last, ahead from projection_mark"

HANDLED, WAITING, DEAD_LETTER, SKIPPED, UNREAD = "handled", "parked", "dead", "skipped", "unread"


@dataclass
class Ear(ABC):
    """What one group made of the records that it heard; `lost` are those in nothing."""

    group: str
    events: frozenset[type[Event]]
    dead: set[Place]
    read: Offsets
    tally: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.types = {event.type(): event for event in self.events}
        self.topics = topics_of(self.events)

    @abstractmethod
    def settled(self, record: Seen) -> str | None:
        """What became of a record of a type that this group hears; None where nothing did."""

    def outcome(self, record: Seen) -> str | None:
        """Also of what it does not hear. A known type in an unknown version must be a dead letter."""
        if record.offset >= self.read.get(record.at, 0):
            return UNREAD
        if record.place in self.dead:
            return DEAD_LETTER
        if not record.attributes:
            return None
        type, source = record.attributes["type"], record.attributes["source"]
        if type not in self.types:
            other_version = any(_base(type) == _base(known) for known in self.types)
            return None if other_version else SKIPPED
        event = self.types[type]
        return self.settled(record) if (source, record.topic) == (event.source, event.topic) else None

    def hear(self, record: Seen) -> None:
        if (outcome := self.outcome(record)) is None:
            what = record.attributes["id"] if record.attributes else "읽을 수 없는 기록"
            self.lost.append(
                f"{record.words} ({what}): {self.group}에서 처리도 대기도 처리 못 한 사건도 아닙니다 "
                f"/ neither handled, parked nor a dead letter at {self.group}"
            )
        else:
            self.tally[outcome] = self.tally.get(outcome, 0) + 1


@dataclass
class Consumer(Ear):
    """By its inbox: the same event, not another one under the same id."""

    inbox: dict[tuple[str, str], bytes] = field(default_factory=dict)
    parked: set[Place] = field(default_factory=set)

    def settled(self, record: Seen) -> str | None:
        if record.place in self.parked:
            return WAITING
        digest = self.inbox.get((record.attributes["source"], record.attributes["id"]))
        said = sha256(record.attributes["type"].encode() + b"\n" + record.data).digest()
        return HANDLED if digest == said else None


@dataclass
class Projector(Ear):
    """By which numbers of a subject it has folded."""

    marks: dict[tuple[str, str], tuple[int, set[int]]] = field(default_factory=dict)

    def settled(self, record: Seen) -> str | None:
        number = int(record.attributes.get("sequence", "0"))
        last, ahead = self.marks.get(
            (record.attributes["source"], record.attributes["subject"]), (0, set[int]())
        )
        return HANDLED if number <= last or number in ahead else None


async def check(evidence: Evidence) -> Finding:
    """Every event of every log, and every record at each group that hears its topic."""
    waiting = {
        service: {row["position"] for row in await evidence.rows(service, OUTBOX)}
        for service in evidence.logged
    }
    unpublished = list(_unpublished(evidence, waiting))
    ears = [*[await consumer(evidence, group) for group in CONSUMERS], await projector(evidence)]
    for ear in ears:
        for record in evidence.records:
            if record.topic in ear.topics:
                ear.hear(record)
    lost = [line for ear in ears for line in ear.lost]
    return Finding(list(_counts(evidence, ears)), [*unpublished, *lost])


def _unpublished(evidence: Evidence, waiting: Mapping[str, set[int]]) -> Iterator[str]:
    """What waits in an outbox is not lost: that it waits is told by the check of liveness."""
    published = {(one.topic, one.attributes["id"]) for one in evidence.records if one.attributes}
    for service, events in evidence.logged.items():
        for event in events:
            if (event.topic, event.id) not in published and event.position not in waiting[service]:
                yield (
                    f"{service}의 사건 {event.id} ({event.name}, {event.subject})이(가) {event.topic}에 없습니다 "
                    "/ an event of the log is not on its topic"
                )


async def consumer(evidence: Evidence, group: str) -> Ear:
    inbox = {(row["source"], row["id"]): bytes(row["digest"]) for row in await evidence.rows(group, INBOX)}
    parked = {place(row) for row in await evidence.rows(group, PARKED)}
    dead = {place(row) for row in await evidence.rows(group, DEAD, "consumer")}
    return Consumer(group, CONSUMERS[group], dead, evidence.moment.read[group], inbox=inbox, parked=parked)


async def projector(evidence: Evidence) -> Ear:
    service = PROJECTOR.partition(".")[0]
    dead = {place(row) for row in await evidence.rows(service, DEAD, "projector")}
    marks = {
        (row["source"], row["subject"]): (row["last"], set(row["ahead"]))
        for row in await evidence.rows(service, MARKS)
    }
    return Projector(PROJECTOR, FOLDED, dead, evidence.moment.read[PROJECTOR], marks=marks)


def _counts(evidence: Evidence, ears: Sequence[Ear]) -> Iterator[Count]:
    yield Count(sum(map(len, evidence.logged.values())), "발행한 사건", "events given out")
    for ear in ears:
        yield Count(ear.tally.get(HANDLED, 0), f"{ear.group}에서 처리", f"handled at {ear.group}")
    for outcome, ko, en in (
        (WAITING, "대기", "parked"),
        (DEAD_LETTER, "처리 못 한 사건", "dead letters"),
        (UNREAD, "아직 읽지 않음", "not read yet"),
        (SKIPPED, "듣지 않는 종류라 건너뜀", "of a type that the group does not hear, skipped"),
    ):
        yield Count(sum(ear.tally.get(outcome, 0) for ear in ears), ko, en, needed=False)


def place(row: Any) -> Place:
    """Where a kept record stood."""
    return row["topic"], row["partition"], row["offset"]


def _base(type: str) -> str:
    return type.rpartition(".v")[0]


INVARIANT = Invariant(
    "I4",
    "잃어버린 사건이 없다(발행한 것은 모두 토픽에, 토픽의 것은 모두 처리·대기·처리 못 한 사건 가운데 하나)",
    "no lost event: each is on its topic, and handled, parked or a dead letter wherever it is heard",
    check,
)
