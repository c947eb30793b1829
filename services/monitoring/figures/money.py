"""Money figures in won: 총사업비 = 기투자(A) + 임기내(B) + 이후(C), commitments and execution."""

from collections.abc import Iterable

from services.monitoring.figures.domain import (
    ALL,
    PERIOD_AFTER,
    PERIOD_UNSPLIT,
    FigureInputs,
    Json,
    with_total,
    without_absent,
)
from services.monitoring.projections.money import MoneyKind
from shared.events.definition import UNSPLIT, Definition, PlanCell
from shared.values.identity_cache import cached_by_identity
from shared.values.money import PUBLIC, Funder, split

CACHED_DEFINITIONS = 500
Row = dict[str, int]


def money(inputs: FigureInputs) -> Json:
    """Return the investment plan as the documents print it, checked against the ratios, and the money by year."""
    definition = inputs.required_definition
    invested, plan, after = invested_before_term(inputs), term_plan(definition), after_term(definition)
    total = total_row(
        definition, [invested, {funder: row["subtotal"] for funder, row in plan.items()}, after]
    )
    return without_absent(
        {
            "total": total,
            "invested_before_term": invested,
            "term_plan": plan,
            "after_term": after,
            "money_planned": sum(cell.amount_krw for cell in definition.plan) or None,
            "checked": ratio_check(definition, [total, invested, after]),
        }
    ) | (money_by_year(inputs) if inputs.in_detail else {})


def money_by_year(inputs: FigureInputs) -> Json:
    """Money allocated, committed and executed, by fiscal year."""
    committed_by_year = committed(inputs)
    return without_absent(
        {
            "allocated": amounts_by_year(inputs, [MoneyKind.ALLOCATED]),
            "committed": committed_by_year,
            "executed": executed(inputs, committed_by_year),
        }
    )


def invested_before_term(inputs: FigureInputs) -> Row:
    """기투자(A): past spending booked in years before the term's start; {} where there is no term."""
    term_from = inputs.required_definition.term_from
    if term_from is None:
        return {}
    row: Row = dict.fromkeys(map(str, ordered_funders(inputs.required_definition)), 0)
    for amount in inputs.money:
        if amount.kind == MoneyKind.PAST and amount.fiscal_year < term_from:
            row[amount.funder] = row.get(amount.funder, 0) + amount.krw
    return with_total(row)


@cached_by_identity(CACHED_DEFINITIONS)
def term_plan(definition: Definition) -> dict[str, Row]:
    """임기내(B): won by funder and period, each row with its subtotal, the first row of all."""
    cells = [cell for cell in definition.plan if cell.period not in (PERIOD_AFTER, PERIOD_UNSPLIT)]
    if not cells:
        return {}
    periods = sorted({cell.period for cell in cells})
    rows = {funder: plan_row(cells, periods, funder) for funder in funders_of(definition, cells)}
    totals = {period: sum(cell.amount_krw for cell in cells if cell.period == period) for period in periods}
    return {ALL: {"subtotal": sum(totals.values()), **totals}} | rows


def plan_row(cells: Iterable[PlanCell], periods: Iterable[str], funder: str) -> Row:
    planned = {cell.period: cell.amount_krw for cell in cells if cell.funder == funder}
    row = {period: planned.get(period, 0) for period in periods}
    return {"subtotal": sum(row.values()), **row}


@cached_by_identity(CACHED_DEFINITIONS)
def after_term(definition: Definition) -> Row:
    """이후(C); {} where the plan has no amounts after the term."""
    cells = [cell for cell in definition.plan if cell.period == PERIOD_AFTER]
    if not cells:
        return {}
    planned = {str(cell.funder): cell.amount_krw for cell in cells if cell.funder != UNSPLIT}
    by_funder = {funder: planned.get(funder, 0) for funder in funders_of(definition, cells)}
    return {ALL: sum(cell.amount_krw for cell in cells)} | by_funder


def funders_of(definition: Definition, cells: Iterable[PlanCell]) -> list[str]:
    """Return the funders that have rows; none where a cell names no funder."""
    if any(cell.funder == UNSPLIT for cell in cells):
        return []
    return [str(funder) for funder in ordered_funders(definition)]


@cached_by_identity(CACHED_DEFINITIONS)
def ordered_funders(definition: Definition) -> tuple[Funder, ...]:
    """Return the programme's funders in the documents' order: JSONB keeps no order of its own."""
    return tuple(funder for funder in Funder if funder in definition.funders)


def total_row(definition: Definition, parts: list[Row]) -> Row:
    """총사업비 (A + B + C); by funder only where every planned won has one."""
    unsplit = sum(cell.amount_krw for cell in definition.plan if cell.period == PERIOD_UNSPLIT)
    if not unsplit and not any(parts):
        return {}
    total: Row = {ALL: sum(part.get(ALL, 0) for part in parts) + unsplit}
    if any(cell.funder == UNSPLIT for cell in definition.plan):
        return total
    return total | {
        str(funder): sum(part.get(funder, 0) for part in parts) + unsplit_plan_krw(definition, funder)
        for funder in ordered_funders(definition)
    }


def unsplit_plan_krw(definition: Definition, funder: Funder) -> int:
    """Return the funder's won in the part of the plan without periods."""
    return sum(
        cell.amount_krw for cell in definition.plan if cell.period == PERIOD_UNSPLIT and cell.funder == funder
    )


def ratio_check(definition: Definition, rows: list[Row]) -> Json:
    """Check that the rows with funders divide by the programme's ratios to the won; {} where nothing can be checked."""
    with_funders = [row for row in rows if len(row) > 1 and row[ALL]]
    if not with_funders or not definition.funders:
        return {}
    return {"ratios": all(follows_ratios(definition, row) for row in with_funders)}


def follows_ratios(definition: Definition, row: Row) -> bool:
    if definition.remainder_to is None:
        return False
    shares = split(row[ALL], definition.funders, definition.remainder_to, definition.rounding_unit_krw)
    return all(row.get(funder, 0) == krw for funder, krw in shares.items())


def committed(inputs: FigureInputs) -> Json:
    """Won by the fiscal year of the tranches; self-contributions by the year of the agreement."""
    years = amounts_by_year(inputs, [MoneyKind.COMMITTED])
    for year, krw in self_contributions(inputs).items():
        row = years.setdefault(str(year), {})
        row[Funder.SELF] = row.get(Funder.SELF, 0) + krw
    return {
        year: with_total(row) | {"public": public_total(row)}
        for year, row in sorted(with_all_funders(inputs.required_definition, years, years).items())
    }


def self_contributions(inputs: FigureInputs) -> dict[int, int]:
    shares: dict[int, int] = {}
    for group in inputs.case_groups:
        for year, krw in group.self_krw.items():
            shares[year] = shares.get(year, 0) + krw
    return shares


def executed(inputs: FigureInputs, committed_by_year: Json) -> Json:
    """Won disbursed and past spending, each in its own year; `self` is what was evidenced.

    A year that has begun, with commitments and nothing paid, has executed 0: that is known.
    """
    years = amounts_by_year(inputs, [MoneyKind.PAST, MoneyKind.DISBURSED, MoneyKind.EVIDENCED])
    begun = [year for year in committed_by_year if int(year) <= inputs.as_of.year]
    return {
        year: row | {"public": public_total(row)}
        for year, row in sorted(with_all_funders(inputs.required_definition, years, {*years, *begun}).items())
    }


def with_all_funders(definition: Definition, rows: dict[str, Row], years: Iterable[str]) -> dict[str, Row]:
    """Return the row of each year with all of the programme's funders, in the documents' order."""
    zeros: Row = {str(funder): 0 for funder in ordered_funders(definition)}
    return {year: zeros | rows.get(year, {}) for year in years}


def public_total(row: Row) -> int:
    return sum(row.get(funder, 0) for funder in PUBLIC)


def amounts_by_year(inputs: FigureInputs, kinds: list[MoneyKind]) -> dict[str, Row]:
    years: dict[str, Row] = {}
    for amount in sorted(inputs.money, key=lambda amount: amount.fiscal_year):
        if amount.kind in kinds:
            row = years.setdefault(str(amount.fiscal_year), {})
            row[amount.funder] = row.get(amount.funder, 0) + amount.krw
    return years
