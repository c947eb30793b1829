"""Each accepted command took effect exactly once, each refused one not at all, each unanswered one at most once.

A command is its Idempotency-Key: whatever was sent with it. What it caused bears its correlation id.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.checker.evidence import DEAD, Evidence, Logged, Row
from tests.chaos.checker.finding import Finding
from tests.chaos.checker.rows import missing_rows
from tests.chaos.history import Operation, digest

# The one event of a command that was accepted.
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

# What its answer says that there are more of, or of other events.
MORE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, int]]] = {
    "rounds/selection": lambda said: {
        f"company.{name}": said[name] for name in ("selected", "reserved", "rejected")
    },
    "cases/abandonment": lambda said: {"company.selected": int(said["promoted"] is not None)},
    "deadlines": lambda said: {
        name: said[field]
        for name, field in (
            ("tranche.unconfirmed", "unconfirmed"),
            ("milestone.due_soon", "due_soon"),
            ("milestone.missed", "missed"),
        )
        if field in said
    },
    "recipients": lambda said: {},
}

# What may come with it, depending on what else was there by then.
BESIDE: Mapping[str, frozenset[str]] = {"cases/self-contribution": frozenset({"tranche.ready"})}

# What may be done without any event.
SILENT = frozenset({"recipients", "deadlines"})

Events = Mapping[str, Sequence[Logged]]
Kept = Mapping[tuple[str, str, str], Row]


@dataclass(frozen=True)
class Command:
    """All operations under one key of one person."""

    operations: Sequence[Operation]

    @property
    def words(self) -> str:
        one = self.operations[0]
        return f"{one.what} {one.key} ({one.actor})"

    @property
    def what(self) -> str:
        return self.operations[0].what

    @property
    def main(self) -> str:
        """The event of which there must be exactly one."""
        return f"{ONE.get(self.what)}.v1"

    @property
    def accepted(self) -> list[Operation]:
        return [one for one in self.operations if one.outcome == "ok"]

    @property
    def outcome(self) -> str:
        outcomes = {one.outcome for one in self.operations}
        return next(word for word in ("ok", "unknown", "refused") if word in outcomes)


def check(evidence: Evidence) -> Finding:
    commands = commands_of(evidence)
    events, kept = _direct(evidence), _kept(evidence)
    outcomes = Counter(command.outcome for command in commands)
    counted = {
        "accepted": outcomes["ok"],
        "refused": outcomes["refused"],
        "never answered": outcomes["unknown"],
        "events of commands": sum(map(len, events.values())),
    }
    violations = [line for command in commands for line in _judge(command, events, kept)]
    violations += [*missing_rows(evidence, [c.accepted[0] for c in commands if c.accepted])]
    violations += [*_unasked(evidence, events)]
    return Finding(counted, violations, frozenset({"never answered"}))


def commands_of(evidence: Evidence) -> list[Command]:
    groups: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for one in evidence.commands:
        groups[one.service, one.actor, one.key].append(one)
    return [Command(operations) for operations in groups.values()]


def _direct(evidence: Evidence) -> Events:
    """What came of commands without any event in between, by their correlation id."""
    found: dict[str, list[Logged]] = defaultdict(list)
    for event in evidence.logged:
        if "causationid" not in event.attributes and event.name != DEAD:
            found[event.attributes["correlationid"]].append(event)
    return found


def _kept(evidence: Evidence) -> Kept:
    """The answers that the services keep under their keys."""
    return {
        (service, row["principal"], row["key"]): row
        for service in evidence.tables
        for row in evidence.rows(service, "idempotency_key")
    }


def _judge(command: Command, events: Events, kept: Kept) -> Iterator[str]:
    one = command.operations[0]
    caused = [event for operation in command.operations for event in events.get(operation.id, ())]
    answer = kept.get((one.service, one.actor, one.key))
    if command.outcome == "ok":
        yield from _same_answers(command, answer)
        yield from _effect(command, caused)
    elif command.outcome == "refused" and (caused or answer):
        yield f"{command.words}: refused, and yet {_names(caused)} came of it"
    elif command.outcome == "unknown":
        yield from _unanswered(command, caused, answer)


def _unanswered(command: Command, caused: Sequence[Logged], kept: Row | None) -> Iterator[str]:
    """Answer and events were committed together or not at all; what it did, it did once."""
    silent = command.what in SILENT and not caused
    if not silent and bool(kept) != bool(caused):
        yield (
            f"{command.words}: never answered; {_names(caused)} came of it, "
            f"its answer {'is' if kept else 'is not'} kept"
        )
    elif sum(event.name == command.main for event in caused) > 1:
        yield f"{command.words}: never answered, and took effect more than once: {_names(caused)}"


def _same_answers(command: Command, kept: Row | None) -> Iterator[str]:
    said = {(one.status, one.answer) for one in command.accepted}
    if len(said) > 1:
        yield f"{command.words}: the same key got {len(said)} different answers"
    if kept is None or (kept["status"], digest(bytes(kept["body"]))) not in said:
        yield f"{command.words}: the answer that was given is not the one that is kept"
    first = min(one.answered_at or "" for one in command.accepted)
    if any(one.outcome == "refused" and one.sent_at > first for one in command.operations):
        yield f"{command.words}: accepted, then refused under the same key"


def _effect(command: Command, caused: Sequence[Logged]) -> Iterator[str]:
    due = _due(command, command.accepted[0].result)
    beside = {f"{name}.v1" for name in BESIDE.get(command.what, ())}
    got = Counter(event.name for event in caused if event.name not in beside)
    if got != +Counter(due):
        yield f"{command.words}: accepted, and {dict(got)} came of it instead of {due}"
    for event in caused:
        if event.name == command.main:
            yield from _as_asked(command, event)


def _due(command: Command, said: Mapping[str, Any]) -> dict[str, int]:
    due = {command.main: 1} if command.what in ONE else {}
    more = MORE[command.what](said) if command.what in MORE else {}
    return due | {f"{name}.v1": count for name, count in more.items()}


def _as_asked(command: Command, event: Logged) -> Iterator[str]:
    """Every field that was asked for and is told is told as it was asked, by whom it was asked."""
    one = command.operations[0]
    asked = {name: value for name, value in one.body.items() if not isinstance(value, dict)}
    if one.path.startswith("/cases/"):
        asked["case_id"] = one.path.split("/")[2]
    wrong = sorted(name for name, value in asked.items() if name in event.data and event.data[name] != value)
    if wrong or event.attributes.get("authid") != one.actor:
        yield f"{command.words}: event {event.id} says something else in {wrong or 'authid'}"


def _unasked(evidence: Evidence, events: Events) -> Iterator[str]:
    asked = {one.id for one in evidence.commands}
    for correlation, caused in events.items():
        if correlation not in asked:
            yield from (f"{one.service}'s event {one.id} ({one.name}): nobody asked for it" for one in caused)


def _names(events: Sequence[Logged]) -> list[str]:
    return [event.name for event in events]
