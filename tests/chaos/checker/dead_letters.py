"""Only what was provoked is a dead letter, it is kept as it came, and it is told of once."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.checker.contract import HEARD
from tests.chaos.checker.evidence import DEAD, Evidence, Place, Record, Row
from tests.chaos.checker.finding import Finding

ANSWERED_AGAIN = "payment_answered"
TREASURY = "ieum.external.treasury"


def check(evidence: Evidence) -> Finding:
    records = {record.place: record for record in evidence.records}
    rows = [(service, row) for service in evidence.tables for row in evidence.rows(service, "dead_letter")]
    answered = answered_again(evidence)
    provoked = {**evidence.poison, **answered}
    violations = [line for service, row in rows for line in _judge(service, row, provoked, records)]
    violations += [*_not_dead(evidence, rows), *_answers_taken(rows, answered), *_told(evidence, rows)]
    counted = {
        "poison records": len(evidence.poison),
        "second answers": len(answered),
        "dead letters": len(rows),
    }
    return Finding(counted, violations, frozenset({"poison records"}))


def answered_again(evidence: Evidence) -> dict[Place, str]:
    """What the treasury says of a payment after its first answer, which must change nothing."""
    answered: set[str] = set()
    again: dict[Place, str] = {}
    for record in evidence.told:
        if record.topic == TREASURY and record.name.startswith("treasury.payment_"):
            payment = record.attributes["subject"]
            if payment in answered:
                again[record.place] = ANSWERED_AGAIN
            answered.add(payment)
    return again


def _judge(
    service: str, row: Row, provoked: Mapping[Place, str], records: Mapping[Place, Record]
) -> Iterator[str]:
    place = (row["topic"], row["partition"], row["offset"])
    words = f"{service}'s dead letter {place[0]}/{place[1]}@{place[2]} ({row['rule']})"
    if provoked.get(place) != row["rule"]:
        yield f"{words}: nobody provoked it"
    record = records.get(place)
    if record is None or (record.key, record.value) != (row["key"], row["value"]):
        yield f"{words}: not the bytes that stand there"


def _not_dead(evidence: Evidence, rows: list[tuple[str, Row]]) -> Iterator[str]:
    """Poison that nobody found: one who hears the topic at least must have given it up.

    Without a rule it is one that all must pass over, such as an event of an unknown type.
    """
    dead = {(row["topic"], row["partition"], row["offset"]) for _, row in rows}
    for place in sorted(evidence.poison.keys() - dead):
        if evidence.poison[place] and any(place[0] in topics for topics in HEARD.values()):
            yield f"{place[0]}/{place[1]}@{place[2]}: poison, and nobody's dead letter"


def _answers_taken(rows: list[tuple[str, Row]], answered: Mapping[Place, str]) -> Iterator[str]:
    dead = {(row["topic"], row["partition"], row["offset"]) for service, row in rows if service == "funding"}
    for place in sorted(answered.keys() - dead):
        yield f"{place[0]}/{place[1]}@{place[2]}: a second answer about a payment, and no dead letter"


def _told(evidence: Evidence, rows: list[tuple[str, Row]]) -> Iterator[str]:
    """One record.dead_lettered for each, by the service that gave it up."""
    told = Counter(
        (
            event.service,
            event.data["consumer"],
            event.data["topic_name"],
            event.data["partition"],
            event.data["offset"],
        )
        for event in evidence.logged
        if event.name == DEAD
    )
    kept = Counter(
        (service, row["consumer"], row["topic"], row["partition"], row["offset"]) for service, row in rows
    )
    for at in sorted(told.keys() | kept.keys()):
        if told[at] != kept[at]:
            yield f"dead letter {at}: kept {kept[at]} times, told of {told[at]} times"
