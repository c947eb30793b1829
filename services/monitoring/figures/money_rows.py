"""Rows of won from which money figures are taken: the plan of the definition, and what was spent, by year and funder."""

from collections.abc import Iterable, Mapping

from services.monitoring.figures.figure import once
from services.monitoring.figures.inputs import ALL, PERIOD_AFTER, PERIOD_UNSPLIT, FigureInputs, with_total
from services.monitoring.projections.money import MoneyKind
from shared.events.definition import UNSPLIT, Definition, PlanCell
from shared.values.money import PUBLIC, Funder, split

Row = dict[str, int]
Years = Mapping[int, Row]

SUBTOTAL = "subtotal"
PUBLIC_SUM = "public"


# The plan of the definition.


def term_plan(definition: Definition) -> dict[str, Row]:
    """임기내(B): won by funder and period, each row with its subtotal, the first row of all."""
    cells = [cell for cell in definition.plan if cell.period not in (PERIOD_AFTER, PERIOD_UNSPLIT)]
    if not cells:
        return {}
    periods = sorted({cell.period for cell in cells})
    rows = {funder: plan_row(cells, periods, funder) for funder in funders_of(definition, cells)}
    totals = {period: sum(cell.amount_krw for cell in cells if cell.period == period) for period in periods}
    return {ALL: {SUBTOTAL: sum(totals.values()), **totals}} | rows


def plan_row(cells: Iterable[PlanCell], periods: Iterable[str], funder: str) -> Row:
    planned = {cell.period: cell.amount_krw for cell in cells if cell.funder == funder}
    row = {period: planned.get(period, 0) for period in periods}
    return {SUBTOTAL: sum(row.values()), **row}


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


def ordered_funders(definition: Definition) -> tuple[Funder, ...]:
    """Return the programme's funders in the documents' order: JSONB keeps no order of its own."""
    return tuple(funder for funder in Funder if funder in definition.funders)


def planned_total(definition: Definition) -> Row:
    """Return B + C and the plan without periods; by funder only where every planned won has one."""
    if not definition.plan:
        return {}
    total = {ALL: sum(cell.amount_krw for cell in definition.plan)}
    return total | {
        funder: sum(cell.amount_krw for cell in definition.plan if cell.funder == funder)
        for funder in funders_of(definition, definition.plan)
    }


@once
def plan_of(inputs: FigureInputs) -> dict[str, Row]:
    return term_plan(inputs.required_definition) if inputs.definition else {}


@once
def after_of(inputs: FigureInputs) -> Row:
    return after_term(inputs.required_definition) if inputs.definition else {}


# What was spent.


@once
def invested_row(inputs: FigureInputs) -> Row:
    """기투자(A): past spending booked in years before the term's start; {} where there is no term."""
    definition = inputs.definition
    if definition is None or definition.term_from is None:
        return {}
    row: Row = dict.fromkeys(map(str, ordered_funders(definition)), 0)
    for amount in inputs.money:
        if amount.kind == MoneyKind.PAST and amount.fiscal_year < definition.term_from:
            row[amount.funder] = row.get(amount.funder, 0) + amount.krw
    return with_total(row)


@once
def total_row(inputs: FigureInputs) -> Row:
    """총사업비 (A + B + C); by funder only where every planned won has one."""
    definition, invested = inputs.definition, invested_row(inputs)
    planned = planned_total(definition) if definition else {}
    if definition is None or not (planned or invested):
        return {}
    if any(cell.funder == UNSPLIT for cell in definition.plan):
        return {ALL: planned[ALL] + invested.get(ALL, 0)}
    funders: list[str] = [ALL, *ordered_funders(definition)]
    return {funder: planned.get(funder, 0) + invested.get(funder, 0) for funder in funders}


@once
def allocated_years(inputs: FigureInputs) -> Years:
    return amounts_by_year(inputs, [MoneyKind.ALLOCATED])


@once
def committed_years(inputs: FigureInputs) -> Years:
    """Won by the fiscal year of the tranches; self-contributions by the year of the agreement."""
    years = amounts_by_year(inputs, [MoneyKind.COMMITTED])
    for group in inputs.case_groups:
        for year, krw in group.self_krw.items():
            row = years.setdefault(year, {})
            row[Funder.SELF] = row.get(Funder.SELF, 0) + krw
    return {
        year: with_total(row) | {PUBLIC_SUM: public_total(row)}
        for year, row in with_all_funders(inputs, years, years).items()
    }


@once
def executed_years(inputs: FigureInputs) -> Years:
    """Won disbursed and past spending, each in its own year; `self` is what was evidenced.

    A year that has begun, with commitments and nothing paid, has executed 0: that is known.
    """
    years = amounts_by_year(inputs, [MoneyKind.PAST, MoneyKind.DISBURSED, MoneyKind.EVIDENCED])
    begun = [year for year in committed_years(inputs) if year <= inputs.as_of.year]
    return {
        year: row | {PUBLIC_SUM: public_total(row)}
        for year, row in with_all_funders(inputs, years, {*years, *begun}).items()
    }


def amounts_by_year(inputs: FigureInputs, kinds: list[MoneyKind]) -> dict[int, Row]:
    years: dict[int, Row] = {}
    for amount in sorted(inputs.money, key=lambda amount: amount.fiscal_year):
        if amount.kind in kinds:
            row = years.setdefault(amount.fiscal_year, {})
            row[amount.funder] = row.get(amount.funder, 0) + amount.krw
    return years


def with_all_funders(inputs: FigureInputs, rows: Years, years: Iterable[int]) -> dict[int, Row]:
    """Return the row of each year with all of the programme's funders, in the documents' order."""
    zeros: Row = {str(funder): 0 for funder in ordered_funders(inputs.required_definition)}
    return {year: zeros | rows.get(year, {}) for year in sorted(years)}


def public_total(row: Row) -> int:
    return sum(row.get(funder, 0) for funder in PUBLIC)


def follow_ratios(inputs: FigureInputs) -> bool | None:
    """Return whether the rows with funders divide by the programme's ratios to the won; None where none can be checked."""
    definition, rows = inputs.required_definition, [total_row(inputs), invested_row(inputs), after_of(inputs)]
    with_funders = [row for row in rows if len(row) > 1 and row[ALL]]
    if not with_funders or not definition.funders:
        return None
    return all(follows_ratios(definition, row) for row in with_funders)


def follows_ratios(definition: Definition, row: Row) -> bool:
    if definition.remainder_to is None:
        return False
    shares = split(row[ALL], definition.funders, definition.remainder_to, definition.rounding_unit_krw)
    return all(row.get(funder, 0) == krw for funder, krw in shares.items())
