"""Each case as the events tell it: one dictionary, a line an event."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tests.chaos.checker.evidence import Evidence

FUNDERS = ("national", "province", "city", "self")
COLUMNS = (
    "programme_id", "round_id", "year_from", "year_to", "track", "company_id", "company_name_ko", "municipality",
    "number", "via", "rank", "score", "reason", "eligible", "record_status", "applied_on", "withdrawn_on",
    "screened_on", "reserved_on", "rejected_on", "selected_on", "relinquished_on", "relinquished_stage", "agreed_on",
    "starts_on", "ends_on", "recorded_on", "applied_krw", "total_krw", "national_krw", "province_krw", "city_krw", "self_krw",
    "final_due_on", "completed_on",
)  # fmt: skip
Data = dict[str, Any]
Says = Callable[[Data], Data]


def _submitted(data: Data) -> Data:
    years = {"year_from": data["year"], "year_to": data["year"], "number": data["receipt_number"]}
    told = {"applied_on": data["occurred_on"], "applied_krw": data["total_krw"]}
    return _of(data, "programme_id", "round_id", "track", "company_id", "municipality") | years | told


def _recorded(data: Data) -> Data:
    amounts = data.get("amounts_krw", {})
    given = _of(data, "programme_id", "year_from", "year_to", "track", "company_name_ko", "municipality")
    named = {"number": data["record_id"], "record_status": data["status"], "recorded_on": data["occurred_on"]}
    return given | named | _won(amounts) | {"total_krw": sum(amounts.values()) if amounts else None}


def _signed(data: Data) -> Data:
    given = _of(data, "starts_on", "ends_on", "total_krw") | _won(data["shares_krw"])
    return given | {"agreed_on": data["occurred_on"]}


def _ranked(column: str, *more: str) -> Says:
    return lambda data: _of(data, "rank", "score", "reason", *more) | {column: data["occurred_on"]}


def _of(data: Data, *names: str) -> Data:
    return {name: data.get(name) for name in names}


def _won(amounts: Data) -> Data:
    return {f"{funder}_krw": amounts.get(funder) for funder in FUNDERS}


SAYS: Mapping[str, Says] = {
    "application.submitted": _submitted,
    "application.withdrawn": lambda data: {"withdrawn_on": data["occurred_on"]},
    "application.screened": lambda data: {"screened_on": data["occurred_on"], "eligible": data["eligible"]},
    "case.recorded": _recorded,
    "company.selected": _ranked("selected_on", "via"),
    "company.reserved": _ranked("reserved_on"),
    "company.rejected": _ranked("rejected_on"),
    "agreement.signed": _signed,
    "case.abandoned": lambda data: {"relinquished_on": data["occurred_on"], "relinquished_stage": data["stage"]},
    "milestone.scheduled": lambda data: {"final_due_on": data["due_on"]} if data["completes"] else {},
    "milestone.achieved": lambda data: {"completed_on": data["occurred_on"]} if data["completes"] else {},
}


def cases_from(evidence: Evidence) -> dict[tuple[Any, ...], Data]:
    cases: dict[tuple[Any, ...], Data] = defaultdict(lambda: dict.fromkeys(COLUMNS))
    for record in evidence.named(*SAYS):
        cases[record.data["case_id"],] |= SAYS[record.name.removesuffix(".v1")](dict(record.data))
    return dict(cases)
