"""C2: what was put onto topics is there, and only what was provoked is a dead letter, by the rule it was provoked for."""

from collections.abc import Iterator, Mapping, Sequence

from tests.chaos.history import Operation
from tools.audit.contract import FUNDING, SUBSCRIPTIONS, TREASURY
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, finding
from tools.audit.store import Store
from tools.audit.topic_reader import Position

KO = "토픽에 넣은 것은 그대로 있고, 일부러 만든 것만 그 까닭으로 처리 못 한 사건이 된다"
EN = "what was put onto topics is there; only what was provoked is a dead letter, by its rule"
ANSWERED_AGAIN = "payment_answered"
ANSWERS = """
    select topic, partition, offset, source, id, subject from record
    where topic = ? and name in ('treasury.payment_executed', 'treasury.payment_rejected') order by partition, offset
"""


async def check(evidence: Evidence, history: Sequence[Operation]) -> Finding:
    """Every published event and injected record of the history, every dead letter."""
    store = evidence.store
    poison = {
        _position(operation): operation.rule or "" for operation in history if operation.kind == "poison"
    }
    again = answered_again(store, poison)
    dead = _dead_lettered(store)
    counts = [
        Count(len(poison), "넣은 기록", "records injected", needed=False),
        Count(len(again), "금고의 두 번째 답", "second answers of the treasury"),
        Count(len(dead), "처리 못 한 사건", "dead letters"),
    ]
    return finding(
        counts,
        _gone(store, history),
        _unprovoked(dead, poison | again),
        _not_dead(dead, poison),
        _taken(dead, again),
    )


def answered_again(store: Store, poison: Mapping[Position, str]) -> dict[Position, str]:
    """Return the treasury's answers about a payment after its first one, which must change nothing."""
    answered, seen, again = set[str](), set[tuple[str, str]](), dict[Position, str]()
    for row in store.query(ANSWERS, TREASURY):
        topic, partition, offset, source, id, payment = tuple(row)
        if (source, id) in seen or (topic, partition, offset) in poison:
            continue
        seen.add((source, id))
        if payment in answered:
            again[topic, partition, offset] = ANSWERED_AGAIN
        answered.add(payment)
    return again


def _dead_lettered(store: Store) -> list[tuple[str, Position, str]]:
    rows = store.query("select service, topic, partition, offset, rule from dead_letter")
    return [(service, (topic, partition, offset), rule) for service, topic, partition, offset, rule in rows]


def _position(operation: Operation) -> Position:
    return operation.topic or "", operation.partition or 0, operation.offset or 0


def _gone(store: Store, history: Sequence[Operation]) -> Iterator[str]:
    """A record that the broker has acknowledged stands where it was put."""
    there = {
        tuple(row)[:3]: row["id"] for row in store.query("select topic, partition, offset, id from record")
    }
    for operation in history:
        position = _position(operation)
        if operation.kind == "event" and operation.outcome == "ok" and there.get(position) != operation.id:
            yield f"{_words(position)}: event {operation.id} was put there, and is not"
        elif operation.kind == "poison" and position not in there:
            yield f"{_words(position)}: a poison record was put there, and is not"


def _unprovoked(dead: Sequence[tuple[str, Position, str]], provoked: Mapping[Position, str]) -> Iterator[str]:
    for service, position, rule in dead:
        if provoked.get(position) != rule:
            yield f"{service}'s dead letter {_words(position)} ({rule}): nobody provoked it"


def _not_dead(dead: Sequence[tuple[str, Position, str]], poison: Mapping[Position, str]) -> Iterator[str]:
    """At least one subscriber of the topic must have dead-lettered a poison record; one without a rule is skipped."""
    for position in sorted(poison.keys() - {position for _, position, _ in dead}):
        if poison[position] and any(position[0] in topics for topics in SUBSCRIPTIONS.values()):
            yield f"{_words(position)}: poison, and nobody's dead letter"


def _taken(dead: Sequence[tuple[str, Position, str]], again: Mapping[Position, str]) -> Iterator[str]:
    for position in sorted(again.keys() - {position for service, position, _ in dead if service == FUNDING}):
        yield f"{_words(position)}: a second answer about a payment, and no dead letter"


def _words(position: Position) -> str:
    return f"{position[0]}/{position[1]}@{position[2]}"
