"""No tranche is paid twice: from the treasury's word to the ledger, by tranche, payment and bank reference."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.chaos.checker.contract import PUBLIC
from tests.chaos.checker.dead_letters import TREASURY, answered_again
from tests.chaos.checker.evidence import Evidence, Record
from tests.chaos.checker.finding import Finding

Tranche = tuple[str, int]
STEPS = (
    "scheduled", "ready", "requested", "approved", "rejected", "instructed", "unconfirmed", "disbursed", "failed", "held",
)  # fmt: skip
AFTER: Mapping[str, frozenset[str]] = {
    "": frozenset({"scheduled"}),
    "scheduled": frozenset({"ready", "held"}),
    "ready": frozenset({"requested", "held"}),
    "requested": frozenset({"approved", "rejected", "held"}),
    "rejected": frozenset({"requested", "held"}),
    "approved": frozenset({"instructed", "held"}),
    "instructed": frozenset({"disbursed", "failed", "unconfirmed"}),
    "unconfirmed": frozenset({"disbursed", "failed"}),
    "failed": frozenset({"requested", "held"}),
    "disbursed": frozenset(),
    "held": frozenset(),
}

STATUS = {"rejected": "ready", "failed": "ready"}  # it can be requested again
FINAL = frozenset({"instructed", "unconfirmed", "disbursed"})  # the treasury's, and nobody else's to cancel


def check(evidence: Evidence) -> Finding:
    courses = courses_of(evidence)
    disbursed = list(evidence.named("tranche.disbursed"))
    violations = [line for tranche, course in courses.items() for line in _course(tranche, course)]
    violations += [*_paid(evidence, disbursed), *_posted(evidence, disbursed), *_limits(evidence, courses)]
    violations += [*_people_of_rows(evidence), *_rows(evidence, courses)]
    counted = {
        "tranches": len(courses),
        "payments instructed": sum(1 for _ in evidence.named("tranche.instructed")),
        "payments executed": len(disbursed),
        "won disbursed": sum(map(amount, disbursed)),
    }
    return Finding(counted, violations)


def courses_of(evidence: Evidence) -> Mapping[Tranche, list[Record]]:
    """Each tranche's events in order: they bear their case as the key."""
    courses: dict[Tranche, list[Record]] = defaultdict(list)
    for record in evidence.named(*(f"tranche.{step}" for step in STEPS)):
        courses[record.data["case_id"], record.data["number"]].append(record)
    return courses


def step_of(record: Record) -> str:
    return record.name.split(".")[1]


def amount(record: Record) -> int:
    return sum(record.data["amounts_krw"].values())


def _course(tranche: Tranche, course: Iterable[Record]) -> Iterator[str]:
    """One step after the other, the same money throughout, three people, one payment at a time."""
    words, last, people = f"tranche {tranche[1]} of case {tranche[0]}", "", dict[str, Any]()
    first, payment = None, None
    for record in course:
        step, data = step_of(record), record.data
        if step not in AFTER[last]:
            yield f"{words}: {step} after {last or 'nothing'}"
        first, last = first or record, step
        if data["amounts_krw"] != first.data["amounts_krw"]:
            yield f"{words}: {step} with {data['amounts_krw']} instead of {first.data['amounts_krw']}"
        people |= {
            name: data[name] for name in ("requested_by", "approved_by", "instructed_by") if name in data
        }
        if step == "instructed":
            payment = data["payment_id"]
            if len(set(people.values())) != 3:
                yield f"{words}: not three different people: {people}"
        elif step in {"disbursed", "failed", "unconfirmed"} and data["payment_id"] != payment:
            yield f"{words}: {step} by payment {data['payment_id']}, instructed was {payment}"


def _paid(evidence: Evidence, disbursed: list[Record]) -> Iterator[str]:
    """Each by one word of the treasury, about this payment, this amount, this reference; each word once."""
    again = answered_again(evidence)
    said = {
        one.attributes["id"]: one for one in evidence.told if one.topic == TREASURY and one.place not in again
    }
    for record in disbursed:
        cause = said.get(record.attributes.get("causationid", ""))
        told = (record.data["payment_id"], amount(record), record.data["treasury_reference"])
        if cause is None or told != tuple(
            cause.data.get(n) for n in ("payment_id", "amount_krw", "treasury_reference")
        ):
            yield f"payment {told[0]}: disbursed {told[1]} won by {told[2]}, which the treasury did not say"
    for field in ("payment_id", "treasury_reference"):
        for value, times in Counter(record.data[field] for record in disbursed).items():
            if times > 1:
                yield f"{field} {value}: {times} payments"
    rows = {
        (str(row["payment_id"]), row["amount_krw"], row["treasury_reference"])
        for row in evidence.rows("funding", "payment")
        if row["answer"] == "executed"
    }
    events = {(one.data["payment_id"], amount(one), one.data["treasury_reference"]) for one in disbursed}
    yield from (
        f"payment {one}: in the table or on the topic, not in both" for one in sorted(rows ^ events, key=str)
    )


def _posted(evidence: Evidence, disbursed: list[Record]) -> Iterator[str]:
    """One set of postings for each, of exactly its won."""
    sets: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for row in evidence.rows("funding", "posting"):
        if row["reason"] == "tranche.disbursed" and row["kind"] == "disbursed":
            sets[row["caused_by"]][row["set_id"]] += row["amount_krw"]
    for record in disbursed:
        posted = list(sets.pop(record.attributes.get("causationid", ""), {}).values())
        if posted != [amount(record)]:
            yield f"payment {record.data['payment_id']}: postings of {posted} instead of one of {amount(record)}"
    yield from (f"postings of {dict(found)} without a payment (by {cause})" for cause, found in sets.items())


def _limits(evidence: Evidence, courses: Mapping[Tranche, list[Record]]) -> Iterator[str]:
    """Disbursed ≤ approved ≤ agreed, by case and in public money."""
    agreed = {
        one.data["case_id"]: sum(one.data["shares_krw"].get(funder, 0) for funder in PUBLIC)
        for one in evidence.named("agreement.signed")
    }
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for (case_id, _), course in courses.items():
        steps = [step_of(record) for record in course]
        won = amount(course[0])
        sums[case_id]["disbursed"] += won * steps.count("disbursed")
        sums[case_id]["approved"] += won * (steps.count("approved") - steps.count("failed"))
    for case_id, sum_ in sums.items():
        if not sum_["disbursed"] <= sum_["approved"] <= agreed.get(case_id, 0):
            yield f"case {case_id}: {dict(sum_)} of {agreed.get(case_id, 0)} agreed"


def _people_of_rows(evidence: Evidence) -> Iterator[str]:
    for row in evidence.rows("funding", "tranche"):
        people = [row[f"{step}_by"] for step in ("requested", "approved", "instructed")]
        if row["status"] in {"instructed", "unconfirmed", "disbursed"} and (
            None in people or len(set(people)) != 3
        ):
            yield f"tranche {row['number']} of case {row['case_id']}: paid by {people}"


def _rows(evidence: Evidence, courses: Mapping[Tranche, list[Record]]) -> Iterator[str]:
    """Each tranche has one row, which stands where its last event left it; a case that was given up cancels it."""
    rows = {(str(row["case_id"]), row["number"]): row for row in evidence.rows("funding", "tranche")}
    left = {one.data["case_id"] for one in evidence.named("commitment.released")}
    for tranche in sorted(rows.keys() | courses.keys()):
        words = f"tranche {tranche[1]} of case {tranche[0]}"
        if tranche not in rows or tranche not in courses:
            yield f"{words}: in the table or on the topic, not in both"
            continue
        last, row = courses[tranche][-1], rows[tranche]
        status = STATUS.get(step_of(last), step_of(last))
        cancelled = row["status"] == "cancelled" and tranche[0] in left and status not in FINAL
        if (row["status"] != status and not cancelled) or row["total_krw"] != amount(last):
            yield f"{words}: {row['status']} with {row['total_krw']} won, by its events {status} with {amount(last)}"
