"""Nothing vanished: what stands on a topic is, for everyone who hears it, taken in or a dead letter; and nothing else is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256

import orjson

from tests.chaos.checker.contract import BOARD, HEARD
from tests.chaos.checker.evidence import Evidence, Place, Record, Row
from tests.chaos.checker.finding import Finding

Inbox = Mapping[tuple[str, str], bytes]


@dataclass(frozen=True)
class Group:
    """One service's consumers: what they hear, took in, and gave up."""

    name: str
    inbox: Inbox
    dead: Set[Place]

    def hears(self, record: Record) -> bool:
        return record.name in {f"{event}.v1" for event in HEARD[self.name].get(record.topic, ())}

    def must_be_dead(self, record: Record) -> bool:
        """No CloudEvent, another version of what is heard here, or an event on a topic that is not its own."""
        if not record.attributes:
            return True
        heard = {event for events in HEARD[self.name].values() for event in events}
        return record.name.rpartition(".v")[0] in heard and not self.hears(record)

    def has(self, record: Record) -> bool:
        """The same content: another one under the same id must be a dead letter."""
        said = sha256(record.attributes["type"].encode() + b"\n" + record.content).digest()
        return self.inbox.get(record.identity) == said


def check(evidence: Evidence) -> Finding:
    groups = [_group(evidence, name) for name in HEARD]
    board = _dead(evidence.rows(BOARD, "dead_letter"), "projector")
    counts: Counter[str] = Counter()
    violations = [line for group in groups for line in _vanished(group, evidence, counts)]
    violations += [*_not_folded(evidence, board, counts), *_from_nowhere(evidence, groups)]
    counted = {what: counts[what] for what in ("taken in", "not heard", "folded", "dead letters")}
    return Finding(counted, violations, frozenset({"dead letters"}))


def _group(evidence: Evidence, name: str) -> Group:
    inbox = {(row["source"], row["id"]): bytes(row["digest"]) for row in evidence.rows(name, "inbox")}
    return Group(name, inbox, _dead(evidence.rows(name, "dead_letter"), "consumer"))


def _dead(rows: Sequence[Row], consumer: str) -> set[Place]:
    return {(row["topic"], row["partition"], row["offset"]) for row in rows if row["consumer"] == consumer}


def _vanished(group: Group, evidence: Evidence, counts: Counter[str]) -> Iterator[str]:
    for record in evidence.records:
        if record.topic not in HEARD[group.name]:
            continue
        if record.place in group.dead:
            counts["dead letters"] += 1
        elif group.must_be_dead(record):
            yield f"{record.words}: cannot be used, and is no dead letter at {group.name}"
        elif not group.hears(record):
            counts["not heard"] += 1
        elif group.has(record):
            counts["taken in"] += 1
        else:
            yield f"{record.words} ({record.name} {record.attributes['id']}): vanished at {group.name}"


def _not_folded(evidence: Evidence, dead: Set[Place], counts: Counter[str]) -> Iterator[str]:
    """Every event of ours stands in the timeline exactly once, as it was told; nothing else does."""
    rows = {(row["source"], row["id"]): row for row in evidence.rows(BOARD, "timeline")}
    facts = {record.identity: record for record in evidence.facts}
    for identity, record in facts.items():
        row = rows.get(identity)
        if row is not None and _as_told(row, record):
            counts["folded"] += 1
        elif record.place not in dead:
            yield f"{record.words} ({record.name} {identity[1]}): {'not folded' if row is None else 'folded as something else'}"
    yield from (
        f"the timeline has {id} of {source}, which is on no topic"
        for source, id in rows.keys() - facts.keys()
    )
    for record in evidence.records:
        if record.is_ours and not record.attributes and record.place not in dead:
            yield f"{record.words}: cannot be read, and is no dead letter of the projector"


def _as_told(row: Row, record: Record) -> bool:
    said = (record.name, record.attributes["subject"], int(record.attributes["sequence"]), record.data)
    return said == (row["name"], row["subject"], row["sequence"], orjson.loads(row["data"]))


def _from_nowhere(evidence: Evidence, groups: list[Group]) -> Iterator[str]:
    """Taken in, though it stands on no topic that the group hears."""
    for group in groups:
        heard = {
            one.identity for one in evidence.records if one.attributes and one.topic in HEARD[group.name]
        }
        for source, id in sorted(group.inbox.keys() - heard):
            yield f"{group.name} took in {id} of {source}, which is on no topic"
