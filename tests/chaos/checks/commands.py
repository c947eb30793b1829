"""C1: each accepted command took effect exactly once, each refused one not at all, each unanswered one at most once.

A command is its Idempotency-Key, with whatever was sent under it. The events that it caused bear its correlation id.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.checks.rows import missing_rows
from tests.chaos.history import Operation, digest
from tools.audit.contract import DEAD_LETTERED, SERVICES
from tools.audit.evidence import Event, Evidence
from tools.audit.invariant import Count, Finding, finding

KO = "받아들인 명령은 정확히 한 번, 거절한 명령은 전혀, 답이 없던 명령은 많아야 한 번 반영된다"
EN = "an accepted command takes effect once, a refused one never, an unanswered one at most once"
RESPONSES = "select principal, key, status, body from {service}.idempotency_key"

# The event of which an accepted command has exactly one.
ONE: Mapping[str, str] = {
    "programmes": "programme.published",
    "programmes/proposals": "programme.proposed",
    "rounds": "round.opened",
    "rounds/closing": "round.closed",
    "rounds/agreement": "round.agreed",
    "companies": "company.registered",
    "applications": "application.submitted",
    "cases/withdrawal": "application.withdrawn",
    "cases/screening": "application.screened",
    "cases/reviews": "review.submitted",
    "cases/agreement": "agreement.signed",
    "cases/abandonment": "case.abandoned",
    "budgets": "budget.allocated",
    "cases/self-contribution": "self_contribution.confirmed",
    "cases/request": "tranche.requested",
    "cases/approval": "tranche.approved",
    "cases/rejection": "tranche.rejected",
    "cases/instruction": "tranche.instructed",
    "cases/report": "milestone.reported",
    "cases/achievement": "milestone.achieved",
    "cases/mentors": "mentor.assigned",
    "cases/visits": "mentor.visited",
    "pledges/progress": "pledge.progress_reported",
}

# Further events, by name and number, as the command's answer states them.
MORE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, int]]] = {
    "rounds/selection": lambda answer: {
        f"company.{name}": answer[name] for name in ("selected", "reserved", "rejected")
    },
    "cases/abandonment": lambda answer: {"company.selected": int(answer["promoted"] is not None)},
    "deadlines": lambda answer: {
        name: answer[field]
        for name, field in (
            ("tranche.unconfirmed", "unconfirmed"),
            ("milestone.due_soon", "due_soon"),
            ("milestone.missed", "missed"),
        )
        if field in answer
    },
    "recipients": lambda answer: {},
}

# Events that may come with it, depending on what else was there by then.
BESIDE: Mapping[str, frozenset[str]] = {"cases/self-contribution": frozenset({"tranche.ready"})}

# Commands that may have no event.
SILENT = frozenset({"recipients", "deadlines"})

Events = Mapping[str, Sequence[Event]]
Responses = Mapping[tuple[str, str, str], Any]


@dataclass(frozen=True)
class Command:
    """All operations under one key of one person."""

    operations: Sequence[Operation]

    @property
    def description(self) -> str:
        first = self.operations[0]
        return f"{first.what} {first.key} ({first.actor})"

    @property
    def what(self) -> str:
        return self.operations[0].what

    @property
    def main(self) -> str | None:
        """The event of which there must be exactly one."""
        return ONE.get(self.what)

    @property
    def accepted(self) -> list[Operation]:
        return [operation for operation in self.operations if operation.outcome == "ok"]

    @property
    def outcome(self) -> str:
        outcomes = {operation.outcome for operation in self.operations}
        return next(outcome for outcome in ("ok", "unknown", "refused") if outcome in outcomes)


async def check(evidence: Evidence, history: Sequence[Operation]) -> Finding:
    """Every command of the history against events, stored responses, rows and postings."""
    operations = [operation for operation in history if operation.kind == "command"]
    commands = group_by_key(operations)
    events, responses = _direct(evidence), await _responses(evidence)
    outcomes = Counter(command.outcome for command in commands)
    counts = [
        Count(outcomes["ok"], "받아들인 명령", "commands accepted"),
        Count(outcomes["refused"], "거절한 명령", "commands refused"),
        Count(outcomes["unknown"], "답이 없던 명령", "commands never answered", needed=False),
        Count(sum(map(len, events.values())), "명령의 사건", "events of commands"),
    ]
    accepted = [command.accepted[0] for command in commands if command.accepted]
    return finding(
        counts,
        (line for command in commands for line in _judge(command, events, responses)),
        await missing_rows(evidence, operations, accepted),
        _unrequested(operations, events),
    )


def group_by_key(operations: Sequence[Operation]) -> list[Command]:
    groups: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for operation in operations:
        groups[operation.service, operation.actor, operation.key].append(operation)
    return [Command(group) for group in groups.values()]


def _direct(evidence: Evidence) -> Events:
    """Return the events that commands caused without any event in between, by their correlation id."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in evidence.select("cause is null and name <> ?", DEAD_LETTERED):
        events[str(event.correlation)].append(event)
    return events


async def _responses(evidence: Evidence) -> Responses:
    """Return the responses that the services store under their keys."""
    return {
        (service, row["principal"], row["key"]): row
        for service in SERVICES
        for row in await evidence.database.rows(RESPONSES.format(service=service))
    }


def _judge(command: Command, events: Events, responses: Responses) -> Iterator[str]:
    first = command.operations[0]
    caused = [event for operation in command.operations for event in events.get(operation.id, ())]
    response = responses.get((first.service, first.actor, first.key))
    if command.outcome == "ok":
        yield from _same_answers(command, response)
        yield from _effect(command, caused)
    elif command.outcome == "refused" and (caused or response):
        yield f"{command.description}: refused, and yet it caused {_names(caused)}"
    elif command.outcome == "unknown":
        yield from _unanswered(command, caused, response)


def _unanswered(command: Command, caused: Sequence[Event], response: Any | None) -> Iterator[str]:
    """Response and events were committed together or not at all, and once."""
    silent = command.what in SILENT and not caused
    if not silent and bool(response) != bool(caused):
        stored = "is" if response else "is not"
        yield f"{command.description}: never answered; it caused {_names(caused)}, its response {stored} stored"
    elif sum(event.name == command.main for event in caused) > 1:
        yield f"{command.description}: never answered, and took effect more than once: {_names(caused)}"


def _same_answers(command: Command, response: Any | None) -> Iterator[str]:
    answers = {(operation.status, operation.answer) for operation in command.accepted}
    if len(answers) > 1:
        yield f"{command.description}: the same key got {len(answers)} different answers"
    if response is None or (response["status"], digest(bytes(response["body"]))) not in answers:
        yield f"{command.description}: the answer that was given is not the stored one"
    first = min(operation.answered_at or "" for operation in command.accepted)
    if any(operation.outcome == "refused" and operation.sent_at > first for operation in command.operations):
        yield f"{command.description}: accepted, then refused under the same key"


def _effect(command: Command, caused: Sequence[Event]) -> Iterator[str]:
    due = _due(command, command.accepted[0].result)
    beside = BESIDE.get(command.what, frozenset())
    got = Counter(event.name for event in caused if event.name not in beside)
    if got != +Counter(due):
        yield f"{command.description}: accepted, and it caused {dict(got)} instead of {due}"
    for event in caused:
        if event.name == command.main:
            yield from _other_fields(command, event)


def _due(command: Command, answer: Mapping[str, Any]) -> dict[str, int]:
    due = {command.main: 1} if command.main is not None else {}
    return due | (MORE[command.what](answer) if command.what in MORE else {})


def _other_fields(command: Command, event: Event) -> Iterator[str]:
    """Every field of the request that the event repeats has the requested value; its author is the requester."""
    first = command.operations[0]
    requested = {name: value for name, value in first.body.items() if not isinstance(value, dict)}
    if first.path.startswith("/cases/"):
        requested["case_id"] = first.path.split("/")[2]
    wrong = sorted(name for name, value in requested.items() if event.body.get(name, value) != value)
    if wrong or event.actor != first.actor:
        yield f"{command.description}: event {event.id} differs in {wrong or 'authid'}"


def _unrequested(operations: Sequence[Operation], events: Events) -> Iterator[str]:
    requested = {operation.id for operation in operations}
    for correlation, caused in events.items():
        if correlation not in requested:
            yield from (
                f"{event.service}'s event {event.id} ({event.name}): nobody requested it" for event in caused
            )


def _names(events: Sequence[Event]) -> list[str]:
    return [event.name for event in events]
