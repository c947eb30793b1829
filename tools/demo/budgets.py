"""Budgets of the scenario: the plan's year where it is known, else what the agreements need, rounded up."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder, instalments, public
from tools.demo.actors import Office
from tools.demo.steps import Call

ROUNDING_KRW = 10_000_000
BudgetKey = tuple[int, Funder, str | None]
"""Fiscal year, funding source and municipality of a programme's budget line."""


def planned_budgets(definition: Definition, year: int) -> dict[BudgetKey, int]:
    """Return the public money (won) of one year of the plan."""
    return {
        (year, funder, None): krw for funder, krw in public(definition.plan_by_period()[str(year)]).items()
    }


def required_budgets(
    definition: Definition, agreements: Iterable[tuple[date, int, str]]
) -> dict[BudgetKey, int]:
    """Return the won that agreements (date, total won, municipality) need, rounded up; the city's share by municipality."""
    required: Counter[BudgetKey] = Counter()
    for agreed_on, total, municipality in agreements:
        parts = instalments(public(definition.split(total)), [rule.part for rule in definition.tranches])
        for rule, shares in zip(definition.tranches, parts, strict=True):
            year = _due_date(definition, rule.milestone, agreed_on).year
            for funder, krw in shares.items():
                required[year, funder, municipality if funder is Funder.CITY else None] += krw
    return {key: (krw // ROUNDING_KRW + 1) * ROUNDING_KRW for key, krw in sorted(required.items(), key=str)}


def _due_date(definition: Definition, milestone: str, agreed_on: date) -> date:
    rule = definition.milestone(milestone)
    return add_months(agreed_on, rule.after_months) + timedelta(days=rule.after_days)


def allocations(programme: str, budgets: dict[BudgetKey, int], office: Office, on: date) -> list[Call]:
    return [_allocation(programme, key, krw, office, on) for key, krw in budgets.items()]


def _allocation(programme: str, budget: BudgetKey, krw: int, office: Office, on: date) -> Call:
    year, funder, municipality = budget
    body: dict[str, Any] = {
        "programme_id": programme,
        "fiscal_year": year,
        "funder": str(funder),
        "amount_krw": krw,
        "occurred_on": on.isoformat(),
    }
    if municipality is not None:
        body["municipality"] = municipality
    key = f"{programme}/budget/{year}/{funder}/{municipality or 'all'}"
    return Call(key, "funding", "/budgets", office.officer, body)
