"""The table of the investment plan, and a year's execution beside it; money is won."""

import re
from collections.abc import Iterable
from datetime import date

from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.parts.programme_view import (
    Execution,
    ExecutionRow,
    MoneyRow,
    MoneyTable,
    MoneyYear,
    Period,
    RowFunder,
)
from services.monitoring.board.parts.values import UNKNOWN, Figure
from services.monitoring.figures.domain import ALL, Facts
from services.monitoring.figures.money import in_order
from services.monitoring.projections.money import Kind
from shared.events.definition import Definition
from shared.values.money import PUBLIC, Funder

HALF = re.compile(r"^(\d{4})H([12])$")
PUBLIC_SUM = "public"


def money_table(shown: Shown, definition: Definition, facts: Facts) -> MoneyTable | None:
    """None where the definition plans no periods; without detail, of all funders together only."""
    plan = shown.group("term_plan")
    if not plan:
        return None
    periods = [period for period in plan[ALL] if period != "subtotal"]
    rows: list[tuple[RowFunder, int | None]] = [(ALL, whole(definition))]
    rows += ratio(definition) if facts.in_detail else ()
    return MoneyTable(
        periods=tuple(Period(period, is_current(period, facts.as_of)) for period in periods),
        rows=tuple(money_row(shown, funder, share, periods) for funder, share in rows),
        after_from=following(periods[-1]),
    )


def ratio(definition: Definition) -> tuple[tuple[Funder, int], ...]:
    """Each funder's part, in the documents' order."""
    return tuple((funder, definition.funders[funder]) for funder in in_order(definition))


def whole(definition: Definition) -> int | None:
    """100 where the ratio is one of percents; a ratio such as 5:1 has no whole to show."""
    return 100 if sum(definition.funders.values()) == 100 else None


def money_row(shown: Shown, funder: RowFunder, share: int | None, periods: list[str]) -> MoneyRow:
    return MoneyRow(
        funder=funder,
        share=share,
        total=shown(f"total.{funder}"),
        invested=shown(f"invested_before_term.{funder}"),
        term=shown(f"term_plan.{funder}.subtotal"),
        cells=tuple(shown(f"term_plan.{funder}.{period}") for period in periods),
        after=shown(f"after_term.{funder}"),
    )


def is_current(period: str, as_of: date) -> bool:
    if half := HALF.match(period):
        return int(half[1]) == as_of.year and (as_of.month > 6) == (half[2] == "2")
    return period == str(as_of.year)


def following(period: str) -> str:
    """The period after which C counts."""
    if half := HALF.match(period):
        return f"{half[1]}H2" if half[2] == "1" else f"{int(half[1]) + 1}H1"
    return str(int(period) + 1)


def execution(shown: Shown, facts: Facts) -> Execution | None:
    """The newest year up to the day's with commitments or payments; its first row is all public money."""
    definition, years = facts.defined, {*shown.group("committed"), *shown.group("executed")}
    within = [int(year) for year in years if first_year(definition) <= int(year) <= facts.as_of.year]
    if not within or not definition.funders:
        return None
    year = max(within)
    total = ExecutionRow(
        ALL,
        planned=public_plan(shown, definition, year),
        committed=shown(f"committed.{year}.{PUBLIC_SUM}", facts.money_events.get((Kind.COMMITTED, year))),
        disbursed=shown(f"executed.{year}.{PUBLIC_SUM}", facts.money_events.get((Kind.DISBURSED, year))),
    )
    return Execution(year, (total, *(execution_row(shown, funder, year) for funder in in_order(definition))))


def money_years(shown: Shown, definition: Definition) -> Iterable[MoneyYear]:
    """Past spending year by year, then each period of the plan beside what was executed in it."""
    plan, executed = shown.group("term_plan"), shown.group("executed")
    if not plan:
        return
    periods = [period for period in plan[ALL] if period != "subtotal"]
    for year in sorted(year for year in executed if int(year) < first_year(definition)):
        yield MoneyYear(year, UNKNOWN, executed_in(shown, definition, year))
    for period in periods:
        alone = [other[:4] for other in periods].count(period[:4]) == 1
        known = alone and period[:4] in executed
        amounts = executed_in(shown, definition, period[:4]) if known else ()
        yield MoneyYear(period, shown(f"term_plan.{ALL}.{period}"), amounts)


def executed_in(shown: Shown, definition: Definition, year: str) -> tuple[tuple[Funder, Figure], ...]:
    return tuple((funder, shown(f"executed.{year}.{funder}")) for funder in in_order(definition))


def first_year(definition: Definition) -> int:
    return definition.term_from or definition.first_year


def execution_row(shown: Shown, funder: Funder, year: int) -> ExecutionRow:
    return ExecutionRow(
        funder,
        planned=year_plan(shown, funder, year),
        committed=shown(f"committed.{year}.{funder}"),
        disbursed=shown(f"executed.{year}.{funder}"),
    )


def year_plan(shown: Shown, funder: Funder, year: int) -> Figure:
    """The plan of a year, or of the half of it that is planned."""
    for period in (f"{year}", f"{year}H1", f"{year}H2"):
        if (found := shown(f"term_plan.{funder}.{period}")) is not UNKNOWN:
            return found
    return UNKNOWN


def public_plan(shown: Shown, definition: Definition, year: int) -> Figure:
    given = [year_plan(shown, funder, year).value for funder in definition.funders if funder in PUBLIC]
    known = [value for value in given if value is not None]
    return Figure(sum(known)) if known else UNKNOWN


def invested_events(counts: dict[tuple[Kind, int], int], term_from: int | None) -> int:
    """How many events make what was invested before the term."""
    return sum(
        count for (kind, year), count in counts.items() if kind == Kind.PAST and year < (term_from or 0)
    )
