"""Every event that a company must hear of made its messages once, and each was accepted by its provider at most once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.checker.evidence import Evidence, Record, Row
from tests.chaos.checker.finding import Finding

# How often a provider has accepted a message, by where the message stands.
ACCEPTED: Mapping[str, frozenset[int]] = {
    "sent": frozenset({1}),
    "delivered": frozenset({1}),
    "failed": frozenset({0, 1}),
    "unknown": frozenset({0, 1}),
}

Told = Callable[[Mapping[str, Any]], bool]


def _always(said: Mapping[str, Any]) -> bool:
    return True


TOLD: Mapping[str, Told] = {
    "application.submitted": _always,
    "application.screened": lambda said: not said["eligible"],
    "company.selected": _always,
    "company.reserved": _always,
    "company.rejected": _always,
    "agreement.signed": _always,
    "case.abandoned": _always,
    "self_contribution.confirmed": _always,
    "tranche.disbursed": _always,
    "tranche.failed": _always,
    "milestone.due_soon": _always,
    "milestone.missed": _always,
    "milestone.achieved": lambda said: bool(said["completes"]),
}


def check(evidence: Evidence) -> Finding:
    messages = evidence.rows("notifications", "message")
    due = {
        one.identity: one for name, holds in TOLD.items() for one in evidence.named(name) if holds(one.data)
    }
    states = Counter(row["state"] for row in messages)
    violations = [*_made(due, messages), *_ended(evidence, messages)]
    counted = {"events to be told": len(due), "messages": len(messages), "unknown": states["unknown"]}
    if evidence.accepted is not None:
        violations += _accepted(evidence, messages)
        counted["accepted by providers"] = len(evidence.accepted)
    return Finding(counted, violations, frozenset({"unknown"}))


def _made(due: Mapping[tuple[str, str], Record], messages: Sequence[Row]) -> Iterator[str]:
    """One for each channel through which the company can be reached, and none for anything else."""
    made: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in messages:
        made[row["event_source"], row["event_id"]][row["channel"]] += 1
    for identity in due.keys() - made.keys():
        yield f"{due[identity].name} {identity[1]}: no message was made of it"
    for identity, channels in made.items():
        if identity not in due:
            yield f"{dict(channels)} messages of event {identity[1]}, of which nobody is told"
        yield from (
            f"event {identity[1]}: {n} messages by {channel}" for channel, n in channels.items() if n > 1
        )


def _ended(evidence: Evidence, messages: Sequence[Row]) -> Iterator[str]:
    """Nothing is on its way any more, and the last event of each says where it stands."""
    last: dict[str, str] = {}
    for record in evidence.named(*(f"message.{state}" for state in ACCEPTED)):
        last[record.data["message_id"]] = record.name.split(".")[1]
    for row in messages:
        if row["state"] not in ACCEPTED:
            yield f"message {row['id']} is still {row['state']}"
        elif last.get(str(row["id"])) != row["state"]:
            yield f"message {row['id']} is {row['state']}, its last event says {last.get(str(row['id']), 'nothing')}"
    ids = {str(row["id"]) for row in messages}
    yield from (
        f"message {id} is {state} by its events, and in no table"
        for id, state in last.items()
        if id not in ids
    )


def _accepted(evidence: Evidence, messages: Sequence[Row]) -> Iterator[str]:
    counts = Counter((one.channel, one.message_id) for one in evidence.accepted or ())
    for row in messages:
        times = counts.pop((row["channel"], str(row["id"])), 0)
        if times > 1 or times not in ACCEPTED.get(row["state"], {times}):
            yield f"message {row['id']} ({row['channel']}, {row['state']}): accepted {times} times by its provider"
    yield from (
        f"the provider of {channel} accepted {id or 'a message without id'}, which is in no table"
        for channel, id in counts
    )
