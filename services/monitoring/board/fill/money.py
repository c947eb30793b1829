"""Money sections of a programme, in won: the investment plan and the execution of a year."""

import re
from collections.abc import Iterable
from datetime import date

from services.monitoring.board.fill.shown import FigureLookup
from services.monitoring.board.parts.programme_view import (
    Execution,
    ExecutionRow,
    MoneyRow,
    MoneyTable,
    MoneyYear,
    Period,
    RowFunder,
)
from services.monitoring.figures.domain import ALL, FigureInputs
from services.monitoring.figures.money import ordered_funders
from services.monitoring.projections.money import MoneyKind
from shared.events.definition import Definition
from shared.values.money import PUBLIC, Funder
from shared.web.ui.values import UNKNOWN, Figure

HALF = re.compile(r"^(\d{4})H([12])$")
PUBLIC_SUM = "public"


def money_table(lookup: FigureLookup, definition: Definition, inputs: FigureInputs) -> MoneyTable | None:
    """Return the investment plan, None where the definition plans no periods; without detail only the total row."""
    plan = lookup.group("term_plan")
    if not plan:
        return None
    periods = [period for period in plan[ALL] if period != "subtotal"]
    rows: list[tuple[RowFunder, int | None]] = [(ALL, ratio_total(definition))]
    rows += ratio(definition) if inputs.in_detail else ()
    return MoneyTable(
        periods=tuple(Period(period, is_current(period, inputs.as_of)) for period in periods),
        rows=tuple(money_row(lookup, funder, share, periods) for funder, share in rows),
        after_from=next_period(periods[-1]),
    )


def ratio(definition: Definition) -> tuple[tuple[Funder, int], ...]:
    """Return each funder's part of the ratio, in the order of the documents."""
    return tuple((funder, definition.funders[funder]) for funder in ordered_funders(definition))


def ratio_total(definition: Definition) -> int | None:
    """Return 100 where the ratio is in percent, None for a ratio such as 5:1."""
    return 100 if sum(definition.funders.values()) == 100 else None


def money_row(lookup: FigureLookup, funder: RowFunder, share: int | None, periods: list[str]) -> MoneyRow:
    return MoneyRow(
        funder=funder,
        share=share,
        total=lookup(f"total.{funder}"),
        invested=lookup(f"invested_before_term.{funder}"),
        term=lookup(f"term_plan.{funder}.subtotal"),
        cells=tuple(lookup(f"term_plan.{funder}.{period}") for period in periods),
        after=lookup(f"after_term.{funder}"),
    )


def is_current(period: str, as_of: date) -> bool:
    if half := HALF.match(period):
        return int(half[1]) == as_of.year and (as_of.month > 6) == (half[2] == "2")
    return period == str(as_of.year)


def next_period(period: str) -> str:
    """Return the period that follows, `2026H2` after `2026H1`; C counts from it."""
    if half := HALF.match(period):
        return f"{half[1]}H2" if half[2] == "1" else f"{int(half[1]) + 1}H1"
    return str(int(period) + 1)


def execution(lookup: FigureLookup, inputs: FigureInputs) -> Execution | None:
    """Return the newest year up to the day with commitments or payments; its first row is the public total."""
    definition, years = inputs.required_definition, {*lookup.group("committed"), *lookup.group("executed")}
    years_in_term = [int(year) for year in years if first_year(definition) <= int(year) <= inputs.as_of.year]
    if not years_in_term or not definition.funders:
        return None
    year = max(years_in_term)
    total = ExecutionRow(
        ALL,
        planned=public_plan(lookup, definition, year),
        committed=lookup(
            f"committed.{year}.{PUBLIC_SUM}", inputs.money_events.get((MoneyKind.COMMITTED, year))
        ),
        disbursed=lookup(
            f"executed.{year}.{PUBLIC_SUM}", inputs.money_events.get((MoneyKind.DISBURSED, year))
        ),
    )
    return Execution(
        year, (total, *(execution_row(lookup, funder, year) for funder in ordered_funders(definition)))
    )


def money_years(lookup: FigureLookup, definition: Definition) -> Iterable[MoneyYear]:
    """Yield the years of past spending, then each period of the plan beside what was executed in it."""
    plan, executed = lookup.group("term_plan"), lookup.group("executed")
    if not plan:
        return
    periods = [period for period in plan[ALL] if period != "subtotal"]
    for year in sorted(year for year in executed if int(year) < first_year(definition)):
        yield MoneyYear(year, UNKNOWN, executed_by_funder(lookup, definition, year))
    for period in periods:
        is_whole_year = [other[:4] for other in periods].count(period[:4]) == 1
        is_executed = is_whole_year and period[:4] in executed
        amounts = executed_by_funder(lookup, definition, period[:4]) if is_executed else ()
        yield MoneyYear(period, lookup(f"term_plan.{ALL}.{period}"), amounts)


def executed_by_funder(
    lookup: FigureLookup, definition: Definition, year: str
) -> tuple[tuple[Funder, Figure], ...]:
    return tuple((funder, lookup(f"executed.{year}.{funder}")) for funder in ordered_funders(definition))


def first_year(definition: Definition) -> int:
    return definition.term_from or definition.first_year


def execution_row(lookup: FigureLookup, funder: Funder, year: int) -> ExecutionRow:
    return ExecutionRow(
        funder,
        planned=year_plan(lookup, funder, year),
        committed=lookup(f"committed.{year}.{funder}"),
        disbursed=lookup(f"executed.{year}.{funder}"),
    )


def year_plan(lookup: FigureLookup, funder: Funder, year: int) -> Figure:
    """Return the plan of a year, or of its half-year where only that is planned."""
    for period in (f"{year}", f"{year}H1", f"{year}H2"):
        if (planned := lookup(f"term_plan.{funder}.{period}")) is not UNKNOWN:
            return planned
    return UNKNOWN


def public_plan(lookup: FigureLookup, definition: Definition, year: int) -> Figure:
    plans = [year_plan(lookup, funder, year).value for funder in definition.funders if funder in PUBLIC]
    known = [value for value in plans if value is not None]
    return Figure(sum(known)) if known else UNKNOWN


def invested_event_count(counts: dict[tuple[MoneyKind, int], int], term_from: int | None) -> int:
    """Return the number of events behind the amount invested before the term."""
    return sum(
        count for (kind, year), count in counts.items() if kind == MoneyKind.PAST and year < (term_from or 0)
    )
