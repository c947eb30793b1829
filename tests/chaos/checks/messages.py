"""C3: every event of which a company is notified made its messages once, and each was accepted at most once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.checks.journals import Accepted
from tools.audit.evidence import Event, Evidence
from tools.audit.invariant import Count, Finding, finding

KO = "알릴 사건마다 경로별로 메시지가 하나이고, 사업자는 그것을 많아야 한 번 받아들인다"
EN = "one message of an event and channel; its provider accepted it at most once"
MESSAGES = "select id::text as id, event_source, event_id, channel, state from notifications.message"

# How often a provider may have accepted a message, by the message's state.
ACCEPTED: Mapping[str, frozenset[int]] = {
    "sent": frozenset({1}),
    "delivered": frozenset({1}),
    "failed": frozenset({0, 1}),
    "unknown": frozenset({0, 1}),
}

Condition = Callable[[Mapping[str, Any]], bool]


def _always(body: Mapping[str, Any]) -> bool:
    return True


NOTIFIED: Mapping[str, Condition] = {
    "application.submitted": _always,
    "application.screened": lambda body: not body["eligible"],
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
    "milestone.achieved": lambda body: bool(body["completes"]),
}


async def check(evidence: Evidence, accepted: Sequence[Accepted]) -> Finding:
    """Every event of which a company is notified, every message, every line of the providers' journals."""
    messages = await evidence.database.rows(MESSAGES)
    due = {
        (event.source, event.id): event
        for name, holds in NOTIFIED.items()
        for event in evidence.events(name)
        if holds(event.body)
    }
    unknown = sum(row["state"] == "unknown" for row in messages)
    counts = [
        Count(len(due), "알릴 사건", "events to be notified of"),
        Count(len(messages), "메시지", "messages"),
        Count(unknown, "결과 모름", "messages of unknown outcome", needed=False),
        Count(len(accepted), "사업자가 받아들인 것", "accepted by providers"),
    ]
    return finding(counts, _made(due, messages), _ended(evidence, messages), _accepted(accepted, messages))


def _made(due: Mapping[tuple[str, str], Event], messages: Sequence[Any]) -> Iterator[str]:
    """One for each channel through which the company can be reached, and none for anything else."""
    made: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in messages:
        made[row["event_source"], row["event_id"]][row["channel"]] += 1
    for identity in due.keys() - made.keys():
        yield f"{due[identity].name} {identity[1]}: no message was made of it"
    for identity, channels in made.items():
        if identity not in due:
            yield f"{dict(channels)} messages of event {identity[1]}, of which no message is due (NOTIFIED)"
        yield from (
            f"event {identity[1]}: {n} messages by {channel}" for channel, n in channels.items() if n > 1
        )


def _ended(evidence: Evidence, messages: Sequence[Any]) -> Iterator[str]:
    """Every message has an outcome, and its last event states it."""
    events = evidence.events(*(f"message.{state}" for state in ACCEPTED))
    last = {event.body["message_id"]: event.step for event in events}
    for row in messages:
        if row["state"] not in ACCEPTED:
            yield f"message {row['id']} is still {row['state']}"
        elif (state := last.pop(row["id"], "nothing")) != row["state"]:
            yield f"message {row['id']} is {row['state']}, its last event says {state}"
    yield from (f"message {id} is {state} by its events, and in no table" for id, state in last.items())


def _accepted(accepted: Sequence[Accepted], messages: Sequence[Any]) -> Iterator[str]:
    counts = Counter((message.channel, message.message_id) for message in accepted)
    for row in messages:
        times = counts.pop((row["channel"], row["id"]), 0)
        if times > 1 or times not in ACCEPTED.get(row["state"], {times}):
            yield f"message {row['id']} ({row['channel']}, {row['state']}): accepted {times} times by its provider"
    yield from (
        f"the provider of {channel} accepted {id or 'a message without id'}, which is in no table"
        for channel, id in counts
    )
