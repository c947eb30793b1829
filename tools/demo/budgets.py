"""Budgets that fit: the plan's year where it is known, else what the agreements need, rounded up."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from shared.events.definition import Definition
from shared.values.calendar import add_months
from shared.values.money import Funder, instalments, public
from tools.demo.actors import Office
from tools.demo.steps import Call

ROUNDED_TO_KRW = 10_000_000
Need = tuple[int, Funder, str | None]


def planned(definition: Definition, year: int) -> dict[Need, int]:
    """The public money (won) of one year of the plan."""
    return {
        (year, funder, None): krw for funder, krw in public(definition.plan_by_period()[str(year)]).items()
    }


def needed(definition: Definition, agreements: Iterable[tuple[date, int, str]]) -> dict[Need, int]:
    """For agreements of (date, total won, municipality): the city's share by municipality, rounded up."""
    needs: Counter[Need] = Counter()
    for agreed_on, total, municipality in agreements:
        parts = instalments(public(definition.split(total)), [rule.part for rule in definition.tranches])
        for rule, shares in zip(definition.tranches, parts, strict=True):
            year = _due(definition, rule.milestone, agreed_on).year
            for funder, krw in shares.items():
                needs[year, funder, municipality if funder is Funder.CITY else None] += krw
    return {
        need: (krw // ROUNDED_TO_KRW + 1) * ROUNDED_TO_KRW for need, krw in sorted(needs.items(), key=str)
    }


def _due(definition: Definition, milestone: str, agreed_on: date) -> date:
    rule = definition.milestone(milestone)
    return add_months(agreed_on, rule.after_months) + timedelta(days=rule.after_days)


def allocations(programme: str, needs: dict[Need, int], office: Office, on: date) -> list[Call]:
    return [_allocation(programme, need, krw, office, on) for need, krw in needs.items()]


def _allocation(programme: str, need: Need, krw: int, office: Office, on: date) -> Call:
    year, funder, municipality = need
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
