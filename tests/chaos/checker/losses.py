"""No lost event and no phantom: what the logs say is on the topics, and nothing else; nothing waits any more."""

from collections.abc import Iterator

from tests.chaos.checker.contract import SOURCES
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.finding import Finding


def check(evidence: Evidence) -> Finding:
    published = {(one.topic, *one.identity) for one in evidence.records if one.attributes}
    logged = {(event.row["topic"], *event.identity) for event in evidence.logged}
    violations = [
        *(f"{source}'s event {id} is not on {topic}" for topic, source, id in sorted(logged - published)),
        *_phantoms(evidence, logged),
        *_gone(evidence),
        *_waiting(evidence),
    ]
    return Finding({"events": len(logged), "records": len(evidence.records)}, violations)


def _phantoms(evidence: Evidence, logged: set[tuple[str, str, str]]) -> Iterator[str]:
    for record in evidence.records:
        if not record.is_ours or record.place in evidence.poison:
            continue
        if not record.attributes:
            yield f"{record.words}: nobody can read it, and nobody put it there on purpose"
        elif (record.topic, *record.identity) not in logged:
            yield f"{record.words}: event {record.attributes['id']} is in no log of {SOURCES[record.topic]}"


def _gone(evidence: Evidence) -> Iterator[str]:
    """What the broker said that it has kept stands where it was put."""
    there = {record.place: record.attributes.get("id") for record in evidence.records}
    for one in evidence.history:
        place = (one.topic or "", one.partition or 0, one.offset or 0)
        if one.kind == "event" and one.outcome == "ok" and there.get(place) != one.id:
            yield f"{one.topic}/{one.partition}@{one.offset}: event {one.id} was put there, and is not"
        elif one.kind == "poison" and place not in there:
            yield f"{one.topic}/{one.partition}@{one.offset}: poison was put there, and is not"


def _waiting(evidence: Evidence) -> Iterator[str]:
    for service, tables in evidence.tables.items():
        for table in ("outbox", "parked"):
            if tables[table]:
                yield f"{service}: {len(tables[table])} left in {table}"
