"""총사업비 = 기투자(A) + 임기내(B) + 이후(C), and what was committed and executed; all in won."""

from collections.abc import Iterable

from services.monitoring.figures.domain import (
    ALL,
    PERIOD_AFTER,
    PERIOD_UNSPLIT,
    Facts,
    Json,
    present,
    with_all,
)
from services.monitoring.projections.money import Kind
from shared.events.definition import UNSPLIT, Definition, PlanCell
from shared.values.identity_cache import cached_by_identity
from shared.values.money import PUBLIC, Funder, split

DEFINITIONS = 500  # what follows from one alone is kept for so many
Row = dict[str, int]


def money(facts: Facts) -> Json:
    """The table of the investment plan as the documents print it, and its check against the ratios."""
    definition = facts.defined
    invested, plan, after = invested_before_term(facts), term_plan(definition), after_term(definition)
    total = total_row(
        definition, [invested, {funder: row["subtotal"] for funder, row in plan.items()}, after]
    )
    return present(
        {
            "total": total,
            "invested_before_term": invested,
            "term_plan": plan,
            "after_term": after,
            "money_planned": sum(cell.amount_krw for cell in definition.plan) or None,
            "checked": checked(definition, [total, invested, after]),
        }
    ) | (moved(facts) if facts.in_detail else {})


def moved(facts: Facts) -> Json:
    """What was allocated, committed and executed, by fiscal year."""
    committed_by_year = committed(facts)
    return present(
        {
            "allocated": by_year(facts, [Kind.ALLOCATED]),
            "committed": committed_by_year,
            "executed": executed(facts, committed_by_year),
        }
    )


def invested_before_term(facts: Facts) -> Row:
    """기투자(A): past spending booked in years before the term's start; {} where there is no term."""
    term_from = facts.defined.term_from
    if term_from is None:
        return {}
    row: Row = dict.fromkeys(map(str, in_order(facts.defined)), 0)
    for one in facts.money:
        if one.kind == Kind.PAST and one.fiscal_year < term_from:
            row[one.funder] = row.get(one.funder, 0) + one.krw
    return with_all(row)


@cached_by_identity(DEFINITIONS)
def term_plan(definition: Definition) -> dict[str, Row]:
    """임기내(B): won by funder and period, each row with its subtotal, the first row of all."""
    cells = [cell for cell in definition.plan if cell.period not in (PERIOD_AFTER, PERIOD_UNSPLIT)]
    if not cells:
        return {}
    periods = sorted({cell.period for cell in cells})
    rows = {funder: row_of(cells, periods, funder) for funder in funders_of(definition, cells)}
    every = {period: sum(cell.amount_krw for cell in cells if cell.period == period) for period in periods}
    return {ALL: {"subtotal": sum(every.values()), **every}} | rows


def row_of(cells: Iterable[PlanCell], periods: Iterable[str], funder: str) -> Row:
    given = {cell.period: cell.amount_krw for cell in cells if cell.funder == funder}
    row = {period: given.get(period, 0) for period in periods}
    return {"subtotal": sum(row.values()), **row}


@cached_by_identity(DEFINITIONS)
def after_term(definition: Definition) -> Row:
    """이후(C); {} where the plan says nothing of it."""
    cells = [cell for cell in definition.plan if cell.period == PERIOD_AFTER]
    if not cells:
        return {}
    given = {str(cell.funder): cell.amount_krw for cell in cells if cell.funder != UNSPLIT}
    named = {funder: given.get(funder, 0) for funder in funders_of(definition, cells)}
    return {ALL: sum(cell.amount_krw for cell in cells)} | named


def funders_of(definition: Definition, cells: Iterable[PlanCell]) -> list[str]:
    """Whose rows there are; none where a cell does not say whose it is."""
    if any(cell.funder == UNSPLIT for cell in cells):
        return []
    return [str(funder) for funder in in_order(definition)]


@cached_by_identity(DEFINITIONS)
def in_order(definition: Definition) -> tuple[Funder, ...]:
    """The programme's funders as documents list them: JSONB keeps no order of its own."""
    return tuple(funder for funder in Funder if funder in definition.funders)


def total_row(definition: Definition, parts: list[Row]) -> Row:
    """A + B + C; by funder only where every planned won has one."""
    unsplit = sum(cell.amount_krw for cell in definition.plan if cell.period == PERIOD_UNSPLIT)
    if not unsplit and not any(parts):
        return {}
    total: Row = {ALL: sum(part.get(ALL, 0) for part in parts) + unsplit}
    if any(cell.funder == UNSPLIT for cell in definition.plan):
        return total
    return total | {
        str(funder): sum(part.get(funder, 0) for part in parts) + whole_plan(definition, funder)
        for funder in in_order(definition)
    }


def whole_plan(definition: Definition, funder: Funder) -> int:
    """What a plan without periods gives to the funder (won)."""
    return sum(
        cell.amount_krw for cell in definition.plan if cell.period == PERIOD_UNSPLIT and cell.funder == funder
    )


def checked(definition: Definition, rows: list[Row]) -> Json:
    """Whether the rows that name funders divide by the programme's ratios to the won."""
    named = [row for row in rows if len(row) > 1 and row[ALL]]
    if not named or not definition.funders:
        return {}
    return {"ratios": all(follows(definition, row) for row in named)}


def follows(definition: Definition, row: Row) -> bool:
    if definition.remainder_to is None:
        return False
    due = split(row[ALL], definition.funders, definition.remainder_to, definition.rounding_unit_krw)
    return all(row.get(funder, 0) == krw for funder, krw in due.items())


def committed(facts: Facts) -> Json:
    """Won by the fiscal year of the tranches; the company's own share by the year of its agreement."""
    years = by_year(facts, [Kind.COMMITTED])
    for year, krw in own_shares(facts).items():
        row = years.setdefault(str(year), {})
        row[Funder.SELF] = row.get(Funder.SELF, 0) + krw
    return {
        year: with_all(row) | {"public": public(row)}
        for year, row in sorted(filled(facts.defined, years, years).items())
    }


def own_shares(facts: Facts) -> dict[int, int]:
    shares: dict[int, int] = {}
    for group in facts.cases:
        for year, krw in group.own_krw.items():
            shares[year] = shares.get(year, 0) + krw
    return shares


def executed(facts: Facts, committed_by_year: Json) -> Json:
    """Disbursed, past spending included, each in its own year; `self` is what was evidenced.

    A year that has begun, with commitments and nothing paid, has executed 0: that is known.
    """
    years = by_year(facts, [Kind.PAST, Kind.DISBURSED, Kind.EVIDENCED])
    begun = [year for year in committed_by_year if int(year) <= facts.as_of.year]
    return {
        year: row | {"public": public(row)}
        for year, row in sorted(filled(facts.defined, years, {*years, *begun}).items())
    }


def filled(definition: Definition, years: dict[str, Row], wanted: Iterable[str]) -> dict[str, Row]:
    """Each wanted year with all of the programme's funders, in the documents' order."""
    zeros: Row = {str(funder): 0 for funder in in_order(definition)}
    return {year: zeros | years.get(year, {}) for year in wanted}


def public(row: Row) -> int:
    return sum(row.get(funder, 0) for funder in PUBLIC)


def by_year(facts: Facts, kinds: list[Kind]) -> dict[str, Row]:
    years: dict[str, Row] = {}
    for one in sorted(facts.money, key=lambda one: one.fiscal_year):
        if one.kind in kinds:
            row = years.setdefault(str(one.fiscal_year), {})
            row[one.funder] = row.get(one.funder, 0) + one.krw
    return years
