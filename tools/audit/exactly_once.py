"""I7: what is told once takes effect once, however often it is delivered."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from shared.events import Event
from shared.events import applications as a
from shared.events import external as x
from shared.events import funding as f
from shared.events import monitoring as m
from shared.events import notifications as n
from tools.audit.databases import Logged
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant
from tools.audit.payments import twice
from tools.audit.subscriptions import CONSUMERS

Key = tuple[Hashable, ...]

INBOX = "select source, id, count(*) as n from inbox group by 1, 2"
MESSAGES = """
    select event_source, event_id, template, channel, count(*) as n from message group by 1, 2, 3, 4
"""

# What can happen once only, whatever caused it: by the event's own fields.
ONCE: Mapping[type[Event], tuple[str, ...]] = {
    a.RoundOpened: ("round_id",),
    a.CompanyRegistered: ("business_number",),
    a.CaseRecorded: ("system", "record_id"),
    a.ApplicationSubmitted: ("case_id",),
    a.ApplicationScreened: ("case_id",),
    a.ReviewSubmitted: ("case_id", "reviewer_id"),
    a.CompanySelected: ("case_id",),
    a.AgreementSigned: ("case_id",),
    a.CaseAbandoned: ("case_id",),
    f.PastSpendingBooked: ("case_id", "fiscal_year"),
    f.FundsCommitted: ("case_id",),
    f.SelfContributionConfirmed: ("case_id",),
    f.TrancheScheduled: ("case_id", "number"),
    f.TrancheDisbursed: ("case_id", "number"),
    m.MilestoneScheduled: ("case_id", "milestone"),
    m.MilestoneAchieved: ("case_id", "milestone"),
    m.MilestoneMissed: ("case_id", "milestone", "due_on"),
    m.MilestoneDueSoon: ("case_id", "milestone", "due_on", "days_left"),
    n.MessageSent: ("message_id",),
    n.MessageDelivered: ("message_id",),
}

# Who handles the cause gives out exactly one event of the effect.
DUE: Mapping[tuple[str, type[Event]], type[Event]] = {
    ("funding", a.AgreementSigned): f.FundsCommitted,
    ("funding", x.TreasuryPaymentExecuted): f.TrancheDisbursed,
}


async def check(evidence: Evidence) -> Finding:
    """Inboxes, messages, and every event that can be told once only."""
    inboxes = {group: await evidence.rows(group, INBOX) for group in CONSUMERS}
    messages = await evidence.rows("notifications", MESSAGES)
    events = [event for events in evidence.logged.values() for event in events]
    single = [(event, key) for event in events if (key := _key(event)) is not None]
    due = await _due(evidence)
    counts = [
        Count(sum(map(len, inboxes.values())), "받은 사건(소비자별)", "events received, by consumer"),
        Count(len(messages), "만든 메시지", "messages made"),
        Count(len(single), "한 번만 있을 일", "events that can be once only"),
        Count(len(due), "원인과 결과", "causes with their one effect"),
    ]
    return Finding(
        counts,
        [
            *_received_twice(inboxes),
            *_messages_twice(messages),
            *_logged_twice(events),
            *_happened_twice(single),
            *_effects(due),
        ],
    )


def _received_twice(inboxes: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    for group, rows in inboxes.items():
        for row in rows:
            if row["n"] > 1:
                yield f"{group}: {row['source']}의 사건 {row['id']}을(를) {row['n']}번 받았습니다 / received more than once"


def _messages_twice(messages: Iterable[Any]) -> Iterator[str]:
    for row in messages:
        if row["n"] > 1:
            yield (
                f"사건 {row['event_id']}: {row['template']} {row['channel']} 메시지가 {row['n']}개입니다 "
                "/ more than one message of an event, template and channel"
            )


def _logged_twice(events: Iterable[Logged]) -> Iterator[str]:
    for id in twice(event.id for event in events):
        yield f"사건 번호 {id}이(가) 둘입니다 / two events have the same id"


def _happened_twice(single: Iterable[tuple[Logged, Key]]) -> Iterator[str]:
    for name, *key in twice((event.name, *key) for event, key in single):
        yield f"{name} {' '.join(map(str, key))}: 두 번 일어났습니다 / happened more than once"


def _key(event: Logged) -> Key | None:
    fields = KEYS.get(event.type)
    return None if fields is None else tuple(event.body.get(name) for name in fields)


async def _due(evidence: Evidence) -> list[tuple[str, str, str, int]]:
    """(cause, its id, effect, how often) for each cause that was handled."""
    found = []
    for (group, cause), effect in DUE.items():
        handled = {(row["source"], row["id"]) for row in await evidence.rows(group, INBOX)}
        told = Counter(_cause(event) for event in evidence.logged[group] if event.type == effect.type())
        for id in _ids(evidence, cause):
            if (cause.source, id) in handled:
                found.append((cause.name, id, effect.name, told[id]))
    return found


def _ids(evidence: Evidence, event: type[Event]) -> list[str]:
    seen = [one.attributes for one in evidence.published() if one.topic == event.topic and one.attributes]
    return sorted({one["id"] for one in seen if (one["type"], one["source"]) == (event.type(), event.source)})


def _cause(event: Logged) -> str | None:
    return event.attributes.get("causationid")


def _effects(due: Iterable[tuple[str, str, str, int]]) -> Iterator[str]:
    for cause, id, effect, times in due:
        if times != 1:
            yield f"{cause} {id}에서 {effect} {times}건이 나왔습니다. 하나여야 합니다 / a cause has not exactly one effect"


KEYS = {event.type(): fields for event, fields in ONCE.items()}

INVARIANT = Invariant(
    "I7",
    "한 번 일어난 일은 한 번만 반영된다(몇 번 배달되든)",
    "effect once: one inbox row per consumer and event, one effect, one message",
    check,
)
