"""Damages to commands, to order, and to what is published, heard and given up."""

from dataclasses import replace

from tests.chaos.damaging import (
    Damage,
    again,
    change,
    damage,
    drop_logged,
    drop_record,
    drop_row,
    operation,
    poison,
    put,
    reattribute,
    record,
    relog,
    row,
)
from tests.chaos.small_story import OTHER, PAID
from tests.chaos.small_world import World

APPLICATIONS, FUNDING, TREASURY = "ieum.applications", "ieum.funding", "ieum.external.treasury"


def _takes_effect(world: World, what: str, outcome: str, times: int, *, kept: bool) -> None:
    """A refused or unanswered command, of which something came after all."""
    one = world.history[operation(world, what, outcome)]
    for _ in range(times):
        again(world, "application.submitted", correlationid=one.id)
    if kept:
        answers = world.tables[one.service]["idempotency_key"]
        answers.append({"principal": one.actor, "key": one.key, "status": 201, "body": b"{}"})


def _refused_later(world: World) -> None:
    one = world.history[operation(world, "applications")]
    world.history.append(replace(one, id="later", outcome="refused", sent_at="2025-01-10T11"))


def _other_answer(world: World) -> None:
    """The second click of two."""
    first = world.history[operation(world, "applications")]
    index = next(i for i, one in enumerate(world.history) if one.key == first.key and one is not first)
    world.history[index] = replace(world.history[index], answer="another")


def _swapped(world: World) -> None:
    first, second = record(world, "tranche.requested"), record(world, "tranche.approved")
    put(world, first, offset=second.offset)
    put(world, second, offset=first.offset)


def _unreadable(world: World, topic: str) -> None:
    world.record(topic, b"broken", b"{")


def _buried_here_only(world: World) -> None:
    """By the board's projector, not by those who consume the topic."""
    world.bury("monitoring", "projector", poison(world, APPLICATIONS), "malformed")


def _buried_by_consumers_only(world: World) -> None:
    broken = poison(world, APPLICATIONS)
    for service in ("funding", "monitoring", "notifications"):
        world.bury(service, "consumer", broken, "malformed")


def _next_version(world: World) -> None:
    old = record(world, "treasury.payment_executed", 1)
    headers = {**dict(old.headers), "ce_type": b"kr.ieum.treasury.payment_executed.v2", "ce_id": b"v2"}
    world.record(TREASURY, old.key or b"", old.value, tuple(headers.items()))


def _second_answer_is_taken(world: World) -> None:
    drop_row(world, "funding", "dead_letter", rule="payment_answered")
    drop_logged(world, "record.dead_lettered")


COMMANDS: list[Damage] = [
    damage(
        "an accepted command without its event",
        "commands",
        lambda w: drop_logged(w, "application.screened"),
        "accepted, and {} came of it",
    ),
    damage(
        "an accepted command with two events",
        "commands",
        lambda w: again(w, "application.submitted"),
        "accepted, and {'application.submitted.v1': 2} came of it",
    ),
    damage(
        "a refused command with an event",
        "commands",
        lambda w: _takes_effect(w, "applications", "refused", 1, kept=False),
        "refused, and yet ['application.submitted.v1'] came of it",
    ),
    damage(
        "an unanswered command that took effect twice",
        "commands",
        lambda w: _takes_effect(w, "applications", "unknown", 2, kept=True),
        "never answered, and took effect more than once",
    ),
    damage(
        "an unanswered command whose event was committed without its answer",
        "commands",
        lambda w: _takes_effect(w, "applications", "unknown", 1, kept=False),
        "never answered; ['application.submitted.v1'] came of it, its answer is not kept",
    ),
    damage(
        "an unanswered command whose answer was committed without its event",
        "commands",
        lambda w: _takes_effect(w, "applications", "unknown", 0, kept=True),
        "never answered; [] came of it, its answer is kept",
    ),
    damage(
        "another answer to the same key", "commands", _other_answer, "the same key got 2 different answers"
    ),
    damage(
        "an answer that is not the kept one",
        "commands",
        lambda w: change(w, "funding", "idempotency_key", {"principal": "payer-1"}, body=b"other"),
        "is not the one that is kept",
    ),
    damage(
        "a refusal after the same key was accepted",
        "commands",
        _refused_later,
        "accepted, then refused under the same key",
    ),
    damage(
        "an event with another amount than was asked for",
        "commands",
        lambda w: relog(w, "self_contribution.confirmed", amount_krw=21),
        "says something else in ['amount_krw']",
    ),
    damage(
        "an event about another case than was asked for",
        "commands",
        lambda w: relog(w, "tranche.approved", case_id="case-other"),
        "says something else in ['case_id']",
    ),
    damage(
        "an event in another one's name",
        "commands",
        lambda w: reattribute(w, "tranche.approved", authid=OTHER),
        "says something else in authid",
    ),
    damage(
        "an event that nobody asked for",
        "commands",
        lambda w: again(w, "milestone.achieved", correlationid="nobody"),
        "nobody asked for it",
    ),
    damage(
        "an accepted command without its row",
        "commands",
        lambda w: drop_row(w, "applications", "screening", case_id=PAID),
        f"0 rows of {PAID} in screening",
    ),
    damage(
        "an accepted command with two rows",
        "commands",
        lambda w: w.tables["applications"]["case"].append({"id": PAID, "total_krw": 100}),
        f"2 rows of {PAID} 100 in case",
    ),
    damage(
        "an approval that moved the money twice",
        "commands",
        lambda w: w.post(
            "tranche.approved", w.history[operation(w, "cases/approval")].id, {"city": 1}, "a", "b"
        ),
        "2 sets of postings instead of one",
    ),
]

TOPICS: list[Damage] = [
    damage(
        "a gap in a subject's numbers",
        "order",
        lambda w: drop_record(w, "tranche.requested"),
        f"/services/funding {PAID}: its events come as [1, 2, 3, 4, 5, 7",
    ),
    damage("two events that changed places", "order", _swapped, "its events come as [1, 2, 3, 4, 5, 7, 6"),
    damage(
        "a subject in two partitions",
        "order",
        lambda w: put(w, record(w, "tranche.disbursed"), partition=4),
        f"{PAID}: its events stand in more than one partition",
    ),
    damage(
        "a record with other bytes than the log's",
        "order",
        lambda w: put(w, record(w, "tranche.disbursed"), value=b"{}"),
        "not byte for byte what the log says",
    ),
    damage(
        "a record with another header than the log's",
        "order",
        lambda w: put(
            w, (one := record(w, "tranche.disbursed")), headers=(*one.headers, ("ce_authid", b"nobody"))
        ),
        "not byte for byte what the log says",
    ),
    damage(
        "a record under another key",
        "order",
        lambda w: put(w, record(w, "tranche.disbursed"), key=b"other"),
        "not byte for byte what the log says",
    ),
    damage(
        "a gap in a log",
        "order",
        lambda w: drop_logged(w, "tranche.requested"),
        f"funding's log: {PAID} goes from 5 to 7",
    ),
    damage(
        "an event that never reached its topic",
        "losses",
        lambda w: drop_record(w, "tranche.disbursed"),
        "/services/funding's event",
    ),
    damage(
        "a record that is in no log",
        "losses",
        lambda w: drop_logged(w, "tranche.disbursed"),
        "is in no log of /services/funding",
    ),
    damage(
        "a record of ours that nobody can read",
        "losses",
        lambda w: _unreadable(w, FUNDING),
        "nobody can read it, and nobody put it there on purpose",
    ),
    damage(
        "an event of another system that the broker lost again",
        "losses",
        lambda w: drop_record(w, "treasury.payment_executed", 1),
        "ieum.external.treasury/3@1: event",
    ),
    damage(
        "poison that the broker lost again",
        "losses",
        lambda w: w.records.remove(poison(w, TREASURY)),
        "poison was put there, and is not",
    ),
    damage(
        "an event left in an outbox",
        "losses",
        lambda w: w.tables["funding"]["outbox"].append({"position": 1}),
        "funding: 1 left in outbox",
    ),
    damage(
        "a record left parked",
        "losses",
        lambda w: w.tables["funding"]["parked"].append({"offset": 1}),
        "funding: 1 left in parked",
    ),
]

HEARD: list[Damage] = [
    damage(
        "a record that one of its hearers never took in",
        "hearing",
        lambda w: drop_row(w, "funding", "inbox", id=record(w, "agreement.signed").attributes["id"]),
        "vanished at funding",
    ),
    damage(
        "a record of which other content was taken in",
        "hearing",
        lambda w: change(
            w, "funding", "inbox", {"id": record(w, "agreement.signed").attributes["id"]}, digest=b"other"
        ),
        "vanished at funding",
    ),
    damage(
        "an event that the board never folded",
        "hearing",
        lambda w: drop_row(w, "monitoring", "timeline", name="tranche.disbursed.v1"),
        "not folded",
    ),
    damage(
        "an event that the board folded otherwise",
        "hearing",
        lambda w: change(w, "monitoring", "timeline", {"name": "tranche.disbursed.v1"}, data="{}"),
        "folded as something else",
    ),
    damage(
        "a line of the timeline that is no event",
        "hearing",
        lambda w: change(w, "monitoring", "timeline", {"name": "tranche.disbursed.v1"}, id="invented"),
        "not folded",
        "the timeline has invented of /services/funding, which is on no topic",
    ),
    damage(
        "something taken in that is on no topic",
        "hearing",
        lambda w: w.tables["funding"]["inbox"].append({"source": "s", "id": "invented", "digest": b""}),
        "funding took in invented of s, which is on no topic",
    ),
    damage(
        "an unreadable record that consumers passed over",
        "hearing",
        _buried_here_only,
        "cannot be used, and is no dead letter at funding",
        "cannot be used, and is no dead letter at monitoring",
        "cannot be used, and is no dead letter at notifications",
    ),
    damage(
        "an unreadable record that the projector passed over",
        "hearing",
        _buried_by_consumers_only,
        "cannot be read, and is no dead letter of the projector",
    ),
    damage(
        "an unknown version that was passed over",
        "hearing",
        _next_version,
        "cannot be used, and is no dead letter at funding",
    ),
    damage(
        "a dead letter that nobody provoked",
        "dead letters",
        lambda w: w.bury("funding", "consumer", record(w, "agreement.signed"), "failed"),
        "(failed): nobody provoked it",
    ),
    damage(
        "a dead letter of another rule than was provoked",
        "dead letters",
        lambda w: w.bury("funding", "consumer", poison(w, TREASURY), "failed"),
        "(failed): nobody provoked it",
    ),
    damage(
        "a dead letter with other bytes",
        "dead letters",
        lambda w: row(w, "funding", "dead_letter").update(value=b"other"),
        "not the bytes that stand there",
    ),
    damage(
        "poison that nobody gave up",
        "dead letters",
        lambda w: poison(w, TREASURY),
        "poison, and nobody's dead letter",
    ),
    damage(
        "a second answer of the treasury that was no dead letter",
        "dead letters",
        _second_answer_is_taken,
        "a second answer about a payment, and no dead letter",
    ),
    damage(
        "a dead letter that was not told of",
        "dead letters",
        lambda w: drop_logged(w, "record.dead_lettered"),
        "kept 1 times, told of 0 times",
    ),
    damage(
        "a dead letter that was told of twice",
        "dead letters",
        lambda w: again(w, "record.dead_lettered"),
        "kept 1 times, told of 2 times",
    ),
    damage(
        "a cause without its effect",
        "effects",
        lambda w: drop_logged(w, "funds.committed"),
        "0 funds.committed at funding instead of 1",
    ),
    damage(
        "a cause with one effect too few",
        "effects",
        lambda w: drop_logged(w, "tranche.scheduled"),
        "1 tranche.scheduled at funding instead of 2",
    ),
    damage(
        "a cause that took effect twice",
        "effects",
        lambda w: again(w, "funds.committed"),
        "2 funds.committed at funding instead of 1",
        f"funds.committed.v1 {PAID}: happened 2 times",
    ),
    damage(
        "something that happened twice by two causes",
        "effects",
        lambda w: again(w, "application.submitted", correlationid="other"),
        "application.submitted.v1",
    ),
]
