"""What the board's tables say is what the topics say, read here in the plainest way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson

from tests.chaos.checker.cases import cases_from
from tests.chaos.checker.contract import BOARD, OWN
from tests.chaos.checker.evidence import Evidence, Record
from tests.chaos.checker.finding import Finding
from tests.chaos.checker.payments import amount, courses_of, step_of

Tile = tuple[Any, ...]
MONEY = ("programme_id", "kind", "fiscal_year", "funder", "municipality", "occurred_on")
COUNTS = ("programme_id", "kind", "fiscal_year", "occurred_on")


def check(evidence: Evidence) -> Finding:
    cases, tiles, counts = cases_from(evidence), *tiles_from(evidence)
    tranches = tranches_from(evidence)
    violations = [
        *_rows("case", cases, _shown(evidence, "case_row", ("case_id",))),
        *_rows("tranche", tranches, _shown(evidence, "tranche_row", ("case_id", "number"))),
        *_sums("money", tiles, _summed(evidence, "money_rollup", MONEY, "amount_krw")),
        *_sums("events of money", counts, _summed(evidence, "money_event_rollup", COUNTS, "events")),
    ]
    counted = {
        "cases": len(cases),
        "tranches": len(tranches),
        "tiles": len(tiles),
        "won in tiles": sum(map(abs, tiles.values())),
    }
    return Finding(counted, violations)


def tiles_from(evidence: Evidence) -> tuple[Counter[Tile], Counter[Tile]]:
    """Won by programme, kind, year, funder and date; and how many events give any."""
    won: Counter[Tile] = Counter()
    events: Counter[Tile] = Counter()
    for record in evidence.facts:
        parts = list(_given(record))
        data = record.data
        for kind, year, funder, krw in parts:
            won[
                data["programme_id"], kind, year, funder, data.get("municipality") or "", data["occurred_on"]
            ] += krw
        for kind, year in {part[:2] for part in parts}:
            events[data["programme_id"], kind, year, data["occurred_on"]] += 1
    return won, events


def _given(record: Record) -> Iterator[tuple[str, int, str, int]]:
    """(kind, fiscal year, funder, won)."""
    data = record.data
    match record.name.removesuffix(".v1"):
        case "budget.allocated":
            yield "allocated", data["fiscal_year"], data["funder"], data["amount_krw"]
        case "past_spending.booked":
            yield from (("past", data["fiscal_year"], *pair) for pair in data["amounts_krw"].items())
        case "funds.committed" | "commitment.released" as name:
            sign = 1 if name == "funds.committed" else -1
            for year in data["years"]:
                for funder, krw in year["amounts_krw"].items():
                    yield "committed", year["fiscal_year"], funder, sign * krw
        case "tranche.disbursed":
            yield from (("disbursed", data["fiscal_year"], *pair) for pair in data["amounts_krw"].items())
        case "self_contribution.confirmed":
            yield "evidenced", data["fiscal_year"], OWN, data["amount_krw"]


def tranches_from(evidence: Evidence) -> dict[Tile, dict[str, Any]]:
    """The state is the last step's word; the steps are all of them with their dates and people."""
    found = {}
    for (case_id, number), course in courses_of(evidence).items():
        last, funders = course[-1].data, course[-1].data["amounts_krw"]
        found[case_id, str(number)] = {
            "programme_id": last["programme_id"],
            "fiscal_year": last["fiscal_year"],
            "due_on": last["due_on"],
            "milestone": course[0].data.get("milestone"),
            **{f"{funder}_krw": funders.get(funder, 0) for funder in ("national", "province", "city")},
            "total_krw": amount(course[-1]),
            "state": step_of(course[-1]),
            "steps": [
                (step_of(one), one.data["occurred_on"], one.data.get(f"{step_of(one)}_by")) for one in course
            ],
        }
    return found


def _shown(evidence: Evidence, table: str, key: tuple[str, ...]) -> dict[Tile, dict[str, Any]]:
    return {
        tuple(str(row[name]) for name in key): {
            name: _plain(name, value) for name, value in row.items() if name not in key
        }
        for row in evidence.rows(BOARD, table)
    }


def _plain(name: str, value: Any) -> Any:
    """As it would stand in an event: dates and ids are text."""
    if name == "steps":
        return [(step["state"], step["on"], step["by"]) for step in orjson.loads(value)]
    return str(value) if isinstance(value, UUID) or hasattr(value, "isoformat") else value


def _rows(
    what: str, due: Mapping[Tile, Mapping[str, Any]], shown: Mapping[Tile, Mapping[str, Any]]
) -> Iterator[str]:
    for key in sorted(due.keys() | shown.keys()):
        words = f"{what} {' '.join(key)}"
        if key not in shown or key not in due:
            yield f"{words}: {'not on the board' if key in due else 'on the board, and of no event'}"
            continue
        wrong = {
            name: (shown[key].get(name), value)
            for name, value in due[key].items()
            if shown[key].get(name) != value
        }
        if wrong:
            yield f"{words}: the board says otherwise (shown, due): {wrong}"


def _summed(evidence: Evidence, table: str, key: tuple[str, ...], sum: str) -> Counter[Tile]:
    found: Counter[Tile] = Counter()
    for row in evidence.rows(BOARD, table):
        found[tuple(_plain(name, row[name]) for name in key)] += row[sum]
    return found


def _sums(what: str, due: Counter[Tile], shown: Counter[Tile]) -> Iterator[str]:
    for key in due.keys() | shown.keys():
        if due[key] != shown[key]:
            yield f"{what} {' '.join(map(str, key))}: shown {shown[key]:,}, due {due[key]:,}"
