"""What is heard takes effect once, and what can happen only once has happened once, whatever caused it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from tests.chaos.checker.contract import APPLICATIONS, LEGACY, MINISTRY, TREASURY
from tests.chaos.checker.dead_letters import answered_again
from tests.chaos.checker.evidence import Evidence, Record
from tests.chaos.checker.finding import Finding

ONCE: Mapping[str, tuple[str, ...]] = {
    "round.opened": ("round_id",),
    "round.closed": ("round_id",),
    "company.registered": ("business_number",),
    "case.recorded": ("system", "record_id"),
    "application.submitted": ("round_id", "company_id"),
    "application.screened": ("case_id",),
    "review.submitted": ("case_id", "reviewer_id"),
    "company.selected": ("case_id",),
    "company.reserved": ("case_id",),
    "company.rejected": ("case_id",),
    "agreement.signed": ("case_id",),
    "case.abandoned": ("case_id",),
    "past_spending.booked": ("case_id", "fiscal_year"),
    "funds.committed": ("case_id",),
    "self_contribution.confirmed": ("case_id",),
    "tranche.scheduled": ("case_id", "number"),
    "tranche.ready": ("case_id", "number"),
    "tranche.instructed": ("payment_id",),
    "tranche.disbursed": ("case_id", "number"),
    "tranche.failed": ("payment_id",),
    "tranche.unconfirmed": ("payment_id",),
    "milestone.scheduled": ("case_id", "milestone"),
    "milestone.achieved": ("case_id", "milestone"),
    "milestone.missed": ("case_id", "milestone", "due_on"),
    "milestone.due_soon": ("case_id", "milestone", "due_on", "days_left"),
    "message.sent": ("message_id",),
    "message.delivered": ("message_id",),
}

Due = Callable[[Record, Evidence], int]


def _one(cause: Record, evidence: Evidence) -> int:
    return 1


def _if_money(cause: Record, evidence: Evidence) -> int:
    return int(any(cause.data.get("amounts_krw", {}).values()))


def _each(part: str) -> Due:
    """As many as the definition, in the version that holds for the agreement, has of them."""

    def count(cause: Record, evidence: Evidence) -> int:
        wanted = (cause.data["programme_id"], cause.data["version"])
        return len(evidence.definitions.get(wanted, {}).get(part, ()))

    return count


# Who hears what, and how many of which event must come of it.
DUE: tuple[tuple[str, str, str, str, Due], ...] = (
    ("applications", LEGACY, "legacy.case_recorded", "case.recorded", _one),
    ("applications", MINISTRY, "ministry.company_selected", "application.submitted", _one),
    ("applications", MINISTRY, "ministry.company_selected", "company.selected", _one),
    ("funding", APPLICATIONS, "case.recorded", "past_spending.booked", _if_money),
    ("funding", APPLICATIONS, "agreement.signed", "funds.committed", _one),
    ("funding", APPLICATIONS, "agreement.signed", "tranche.scheduled", _each("tranches")),
    ("funding", TREASURY, "treasury.payment_executed", "tranche.disbursed", _one),
    ("funding", TREASURY, "treasury.payment_rejected", "tranche.failed", _one),
    ("monitoring", APPLICATIONS, "agreement.signed", "milestone.scheduled", _each("milestones")),
)


def check(evidence: Evidence) -> Finding:
    effects = Counter(
        (event.service, event.attributes.get("causationid"), event.name) for event in evidence.logged
    )
    refused = answered_again(evidence)
    causes = [
        (one, due)
        for one in evidence.told
        if one.place not in refused
        for due in DUE
        if one.topic == due[1] and one.name == f"{due[2]}.v1"
    ]
    happened = Counter(key for event in evidence.logged if (key := _key(event.name, event.data)))
    violations = [*_wrong_effects(evidence, causes, effects), *_twice(happened)]
    return Finding({"causes": len(causes), "events that can be once": sum(happened.values())}, violations)


def _wrong_effects(
    evidence: Evidence,
    causes: list[tuple[Record, tuple[str, str, str, str, Due]]],
    effects: Counter[tuple[str, str | None, str]],
) -> Iterator[str]:
    for cause, (group, _, name, effect, due) in causes:
        id = cause.attributes["id"]
        got, wanted = effects[group, id, f"{effect}.v1"], due(cause, evidence)
        if got != wanted:
            yield f"{name} {id}: {got} {effect} at {group} instead of {wanted}"


def _key(name: str, data: Mapping[str, object]) -> tuple[object, ...] | None:
    fields = ONCE.get(name.removesuffix(".v1"))
    return None if fields is None else (name, *(data.get(field) for field in fields))


def _twice(happened: Counter[tuple[object, ...]]) -> Iterator[str]:
    for key, times in happened.items():
        if times > 1:
            yield f"{' '.join(map(str, key))}: happened {times} times"
