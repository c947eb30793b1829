"""The board's rows and sums as the events make them, folded in the plainest way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tools.audit.contract import PUBLIC, SELF
from tools.audit.evidence import Event, Evidence

FUNDERS = (*PUBLIC, SELF)
CASE_COLUMNS = (
    "programme_id", "round_id", "year_from", "year_to", "track", "company_id", "company_name_ko", "municipality",
    "number", "via", "rank", "score", "eligible", "record_status", "applied_on", "withdrawn_on",
    "screened_on", "reserved_on", "rejected_on", "selected_on", "relinquished_on", "relinquished_stage", "agreed_on", "starts_on",
    "ends_on", "recorded_on", "applied_krw", "total_krw", "national_krw", "province_krw", "city_krw", "self_krw",
    "final_due_on", "completed_on",
)  # fmt: skip
Body = dict[str, Any]
Contribution = Callable[[Body], Body]


def _submitted(body: Body) -> Body:
    years = {"year_from": body["year"], "year_to": body["year"], "number": body["receipt_number"]}
    applied = {"applied_on": body["occurred_on"], "applied_krw": body["total_krw"]}
    return _of(body, "programme_id", "round_id", "track", "company_id", "municipality") | years | applied


def _recorded(body: Body) -> Body:
    amounts = body.get("amounts_krw", {})
    columns = _of(body, "programme_id", "year_from", "year_to", "track", "company_name_ko", "municipality")
    named = {"number": body["record_id"], "record_status": body["status"], "recorded_on": body["occurred_on"]}
    return columns | named | _won(amounts) | {"total_krw": sum(amounts.values()) if amounts else None}


def _signed(body: Body) -> Body:
    columns = _of(body, "starts_on", "ends_on", "total_krw") | _won(body["shares_krw"])
    return columns | {"agreed_on": body["occurred_on"]}


def _ranked(column: str, *more: str) -> Contribution:
    return lambda body: _of(body, "rank", "score", *more) | {column: body["occurred_on"]}


def _of(body: Body, *names: str) -> Body:
    return {name: body.get(name) for name in names}


def _won(amounts: Body) -> Body:
    return {f"{funder}_krw": amounts.get(funder) for funder in FUNDERS}


CONTRIBUTIONS: Mapping[str, Contribution] = {
    "application.submitted": _submitted,
    "application.withdrawn": lambda body: {"withdrawn_on": body["occurred_on"]},
    "application.screened": lambda body: {"screened_on": body["occurred_on"], "eligible": body["eligible"]},
    "case.recorded": _recorded,
    "company.selected": _ranked("selected_on", "via"),
    "company.reserved": _ranked("reserved_on"),
    "company.rejected": _ranked("rejected_on"),
    "agreement.signed": _signed,
    "case.abandoned": lambda body: {
        "relinquished_on": body["occurred_on"],
        "relinquished_stage": body["stage"],
    },
    "milestone.scheduled": lambda body: {"final_due_on": body["due_on"]} if body["completes"] else {},
    "milestone.achieved": lambda body: {"completed_on": body["occurred_on"]} if body["completes"] else {},
}


def case_row(events: Sequence[Event]) -> Body:
    """Fold the events of one case; dates are text, as in the events."""
    row: Body = dict.fromkeys(CASE_COLUMNS)
    for event in events:
        row |= CONTRIBUTIONS[event.name](event.body)
    return row


def tranche_row(history: Sequence[Event]) -> Body:
    """Fold the events of one tranche: the state is the last step, `steps` are all with their dates and people."""
    last, funders = history[-1].body, history[-1].body["amounts_krw"]
    return {
        "programme_id": last["programme_id"],
        "fiscal_year": last["fiscal_year"],
        "due_on": last["due_on"],
        "milestone": history[0].body.get("milestone"),
        **{f"{funder}_krw": funders.get(funder, 0) for funder in PUBLIC},
        "total_krw": sum(funders.values()),
        "state": history[-1].step,
        "steps": [
            {"state": event.step, "on": event.body["occurred_on"], "by": event.body.get(f"{event.step}_by")}
            for event in history
        ],
    }


MONEY_EVENTS = (
    "budget.allocated", "past_spending.booked", "funds.committed", "commitment.released", "tranche.disbursed",
    "self_contribution.confirmed",
)  # fmt: skip
Sums = Counter[tuple[Any, ...]]


def money_sums(evidence: Evidence) -> tuple[Sums, Sums]:
    """Return won by programme, kind, year, funder, municipality and date; and how many events give any."""
    won, events = Sums(), Sums()
    for event in evidence.events(*MONEY_EVENTS):
        body, parts = event.body, list(_money(event))
        place = (body.get("municipality") or "", body["occurred_on"])
        for kind, year, funder, krw in parts:
            won[body["programme_id"], kind, year, funder, *place] += krw
        for kind, year in {part[:2] for part in parts}:
            events[body["programme_id"], kind, year, body["occurred_on"]] += 1
    return won, events


def _money(event: Event) -> Iterator[tuple[str, int, str, int]]:
    """Yield kind, fiscal year, funder and won."""
    body = event.body
    match event.name:
        case "budget.allocated":
            yield "allocated", body["fiscal_year"], body["funder"], body["amount_krw"]
        case "past_spending.booked":
            yield from (("past", body["fiscal_year"], *share) for share in body["amounts_krw"].items())
        case "funds.committed" | "commitment.released":
            sign = 1 if event.name == "funds.committed" else -1
            for year in body["years"]:
                for funder, krw in year["amounts_krw"].items():
                    yield "committed", year["fiscal_year"], funder, sign * krw
        case "tranche.disbursed":
            yield from (("disbursed", body["fiscal_year"], *share) for share in body["amounts_krw"].items())
        case "self_contribution.confirmed":
            yield "evidenced", body["fiscal_year"], SELF, body["amount_krw"]
