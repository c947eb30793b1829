"""Damages to payments, books, messages, and to what the board shows."""

from tests.chaos.checker.evidence import Accepted
from tests.chaos.damaging import (
    Damage,
    again,
    answer,
    change,
    damage,
    drop_record,
    drop_row,
    record,
    resay,
    row,
)
from tests.chaos.small_story import APPROVER, PAID
from tests.chaos.small_world import World

Where = dict[str, object]
PAID_TILE: Where = {"kind": "disbursed", "funder": "city"}


def _one_reference_for_two(world: World) -> None:
    """Another tranche's payment bears the same bank reference."""
    again(world, "tranche.disbursed")
    resay(world, "tranche.disbursed", 1, number=2, payment_id="payment-2")


def _cancelled_though_paid(world: World) -> None:
    resay(world, "commitment.released", case_id=PAID)
    change(world, "funding", "tranche", {"status": "disbursed"}, status="cancelled")


def _posted_again(world: World) -> None:
    world.post(
        "tranche.disbursed",
        record(world, "treasury.payment_executed").attributes["id"],
        {"city": 40},
        "a",
        "disbursed",
    )


def _move(world: World, kind: str, krw: int) -> None:
    """A balance alone."""
    one = row(world, "funding", "account", kind=kind, funder="city")
    one["balance_krw"] += krw


def _overdrawn(world: World) -> None:
    """Properly posted, but there was no such money."""
    world.post("tranche.voided", "nobody", {"city": 21}, "payable", "committed")


def _message(world: World, **to: object) -> str:
    """The first e-mail, changed; its id."""
    one = row(world, "notifications", "message", channel="email")
    one.update(to)
    return str(one["id"])


def _without_messages(world: World) -> None:
    event = _event_of_first(world)
    tables = world.tables["notifications"]
    tables["message"] = [one for one in tables["message"] if one["event_id"] != event]


def _event_of_first(world: World) -> str:
    return str(row(world, "notifications", "message", channel="email")["event_id"])


def _accepted_again(world: World) -> None:
    world.accepted.append(Accepted("email", _message(world)))


def _never_accepted(world: World) -> None:
    world.accepted.remove(Accepted("email", _message(world)))


def _unknown_and_accepted_twice(world: World) -> None:
    id = _message(world, state="unknown")
    resay(world, "message.sent", message_id="gone")
    world.accepted.append(Accepted("email", id))


PAYMENTS: list[Damage] = [
    damage(
        "a tranche that was paid twice",
        "payments",
        lambda w: again(w, "tranche.disbursed"),
        "disbursed after disbursed",
        "payment_id payment-1: 2 payments",
        "treasury_reference T-1: 2 payments",
        "postings of [] instead of one of 40",
        "'disbursed': 80",
    ),
    damage(
        "two payments under one bank reference",
        "payments",
        _one_reference_for_two,
        "tranche 2 of case case-paid: disbursed after scheduled",
        "tranche 2 of case case-paid: scheduled with 40 won, by its events disbursed with 40",
        "disbursed by payment payment-2, instructed was None",
        "payment-2: disbursed 40 won by T-1, which the treasury did not say",
        "treasury_reference T-1: 2 payments",
        "('payment-2', 40, 'T-1')",
        "postings of [] instead of one of 40",
        "'disbursed': 80",
    ),
    damage(
        "a payer who had approved",
        "payments",
        lambda w: resay(w, "tranche.instructed", instructed_by=APPROVER),
        "not three different people",
    ),
    damage(
        "a row that one person paid alone",
        "payments",
        lambda w: change(w, "funding", "tranche", {"case_id": PAID}, instructed_by=APPROVER),
        "tranche 1 of case case-paid: paid by",
    ),
    damage(
        "a tranche whose row says that it can be paid again",
        "payments",
        lambda w: change(w, "funding", "tranche", {"status": "disbursed"}, status="ready"),
        "tranche 1 of case case-paid: ready with 40 won, by its events disbursed with 40",
    ),
    damage(
        "a row with another amount",
        "payments",
        lambda w: change(w, "funding", "tranche", {"status": "disbursed"}, total_krw=41),
        "disbursed with 41 won, by its events disbursed with 40",
    ),
    damage(
        "a paid tranche that was cancelled",
        "payments",
        _cancelled_though_paid,
        "tranche 1 of case case-paid: cancelled with 40 won, by its events disbursed with 40",
        "tranche 1 of case case-left: cancelled with 40 won, by its events approved with 40",
        "tranche 2 of case case-left: cancelled with 40 won, by its events scheduled with 40",
    ),
    damage(
        "a tranche without its row",
        "payments",
        lambda w: drop_row(w, "funding", "tranche", status="scheduled"),
        "tranche 2 of case case-paid: in the table or on the topic, not in both",
    ),
    damage(
        "a step that was left out",
        "payments",
        lambda w: drop_record(w, "tranche.approved"),
        "instructed after requested",
        "not three different people",
        "'disbursed': 40",
    ),
    damage(
        "another amount on the way",
        "payments",
        lambda w: resay(w, "tranche.approved", amounts_krw={"city": 39}),
        "approved with {'city': 39}",
    ),
    damage(
        "a payment that was not instructed",
        "payments",
        lambda w: resay(w, "tranche.instructed", payment_id="payment-9"),
        "disbursed by payment payment-1, instructed was payment-9",
    ),
    damage(
        "a bank reference that the treasury did not say",
        "payments",
        lambda w: resay(w, "tranche.disbursed", treasury_reference="T-9"),
        "disbursed 40 won by T-9, which the treasury did not say",
        "('payment-1', 40, 'T-1')",
        "('payment-1', 40, 'T-9')",
    ),
    damage(
        "a payment without its row",
        "payments",
        lambda w: drop_row(w, "funding", "payment"),
        "in the table or on the topic, not in both",
    ),
    damage(
        "a payment that was posted twice",
        "payments",
        _posted_again,
        "postings of [40, 40] instead of one of 40",
    ),
    damage(
        "postings without a payment",
        "payments",
        lambda w: w.post("tranche.disbursed", "nobody", {"city": 1}, "payable", "disbursed"),
        "without a payment (by nobody)",
    ),
    damage(
        "more disbursed than agreed",
        "payments",
        lambda w: resay(w, "agreement.signed", shares_krw={"city": 39, "self": 61}),
        "of 39 agreed",
    ),
]

BOOKS: list[Damage] = [
    damage(
        "a set of postings that does not sum to zero",
        "books",
        lambda w: row(w, "funding", "posting", funder="city", kind="payable").update(amount_krw=19),
        "sums to -1 won",
        "payable: 0 won, by the postings -1",
    ),
    damage(
        "an account that is not there",
        "books",
        lambda w: drop_row(w, "funding", "account", kind="payable", funder="city"),
        "city  payable: postings, and no account",
    ),
    damage(
        "a balance that no posting made",
        "books",
        lambda w: _move(w, "available", 1),
        "available: 61 won, by the postings 60",
        "available: 61 won, by the events 60",
        "city : 100 won given, 101 found",
    ),
    damage(
        "a balance on the wrong side of zero",
        "books",
        _overdrawn,
        "committed: 41 won, by the events 20",
        "payable: -21 won, by the events 0",
        "payable: -21 won, on the wrong side of zero",
    ),
    damage(
        "an event that says another budget",
        "books",
        lambda w: resay(w, "budget.allocated", amount_krw=101),
        "allocated: -100 won, by the events -101",
        "available: 60 won, by the events 61",
    ),
    damage(
        "an approval that was never voided",
        "books",
        lambda w: drop_record(w, "commitment.released"),
        "available: 60 won, by the events 20",
        "available: 60 won, by the events 20",
        "committed: 20 won, by the events 40",
        "committed: 20 won, by the events 40",
        "payable: 0 won, by the events 20",
        "payable: 0 won, by the events 20",
    ),
    damage(
        "an own share that was not evidenced",
        "books",
        lambda w: drop_record(w, "self_contribution.confirmed"),
        "evidenced: 40 won, by the events 20",
        "pledged: 0 won, by the events 20",
    ),
]

MESSAGES: list[Damage] = [
    damage(
        "an event that nobody was told of",
        "messages",
        _without_messages,
        "no message was made of it",
        *(["in no table"] * 4),
    ),
    damage(
        "two e-mails about one event",
        "messages",
        lambda w: change(w, "notifications", "message", {"channel": "sms"}, channel="email"),
        "2 messages by email",
        "accepted 0 times by its provider",
        "the provider of sms accepted",
    ),
    damage(
        "a message about nothing",
        "messages",
        lambda w: _message(w, event_id="invented"),
        "messages of event invented, of which nobody is told",
    ),
    damage("a message on its way", "messages", lambda w: _message(w, state="sending"), "is still sending"),
    damage(
        "a message whose events say otherwise",
        "messages",
        lambda w: _message(w, state="failed"),
        "is failed, its last event says sent",
    ),
    damage(
        "an event about no message",
        "messages",
        lambda w: resay(w, "message.sent", message_id="invented"),
        "its last event says nothing",
        "message invented is sent by its events, and in no table",
    ),
    damage(
        "a message that was accepted twice", "messages", _accepted_again, "accepted 2 times by its provider"
    ),
    damage(
        "a message that was never accepted", "messages", _never_accepted, "accepted 0 times by its provider"
    ),
    damage(
        "an unknown message that was sent again",
        "messages",
        _unknown_and_accepted_twice,
        "is unknown, its last event says nothing",
        "message gone is sent by its events, and in no table",
        "accepted 2 times by its provider",
    ),
    damage(
        "something accepted that is no message",
        "messages",
        lambda w: w.accepted.append(Accepted("sms", "invented")),
        "the provider of sms accepted invented",
    ),
]

SHOWN: list[Damage] = [
    damage(
        "a case with another date",
        "projections",
        lambda w: change(w, "monitoring", "case_row", {"case_id": PAID}, selected_on="2025-01-09"),
        "case case-paid: the board says otherwise (shown, due): {'selected_on'",
    ),
    damage(
        "a case that is not shown",
        "projections",
        lambda w: drop_row(w, "monitoring", "case_row", case_id=PAID),
        "case case-paid: not on the board",
    ),
    damage(
        "a case that never was",
        "projections",
        lambda w: w.tables["monitoring"]["case_row"].append({"case_id": "invented", "programme_id": "p"}),
        "case invented: on the board, and of no event",
    ),
    damage(
        "a tranche in another state",
        "projections",
        lambda w: change(w, "monitoring", "tranche_row", {"case_id": PAID}, state="failed"),
        "tranche case-paid 1: the board says otherwise (shown, due): {'state': ('failed', 'disbursed')}",
    ),
    damage(
        "a tranche that lost its steps",
        "projections",
        lambda w: change(w, "monitoring", "tranche_row", {"case_id": PAID}, steps="[]"),
        "{'steps'",
    ),
    damage(
        "a tile that counts double",
        "projections",
        lambda w: change(w, "monitoring", "money_rollup", PAID_TILE, amount_krw=40),
        "disbursed 2025 city  2025-01-10: shown 40, due 20",
    ),
    damage(
        "a count of events that is one short",
        "projections",
        lambda w: change(w, "monitoring", "money_event_rollup", {"kind": "disbursed"}, events=0),
        "events of money fault-suite-7 disbursed 2025 2025-01-10: shown 0, due 1",
    ),
    damage(
        "a case too few",
        "figures",
        lambda w: change(w, "monitoring", "case_row", {"case_id": PAID}, applied_on=None),
        "cases: 1 on the board, 2 by what the clients were answered",
    ),
    damage(
        "a place too many",
        "figures",
        lambda w: change(w, "monitoring", "case_row", {"relinquished_stage": "after_agreement"}, relinquished_on=None),
        "selected: 2 on the board, 1 by",
    ),
    damage(
        "a promotion that never came",
        "figures",
        lambda w: answer(w, "cases/abandonment", result={"promoted": "case-next"}),
        "selected: 1 on the board, 2 by",
    ),
    damage(
        "another sum of agreements",
        "figures",
        lambda w: change(w, "monitoring", "case_row", {"case_id": PAID}, total_krw=101),
        "agreed won: 201 on the board, 200 by",
    ),
    damage(
        "won on another funder's account",
        "figures",
        lambda w: change(w, "monitoring", "money_rollup", PAID_TILE, funder="national"),
        "disbursed won city: 0 on the board, 20 by",
        "disbursed won national: 20 on the board, 0 by",
    ),
    damage(
        "a payment that the board does not have",
        "figures",
        lambda w: drop_row(w, "monitoring", "money_rollup", **PAID_TILE),
        "disbursed won city: 0 on the board, 20 by",
        "disbursed won: 20 on the board, 40 by",
    ),
]
