"""Money figures in won: 총사업비 = 기투자(A) + 임기내(B) + 이후(C), commitments and execution."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.monitoring.figures import contributions
from services.monitoring.figures.contributions import Contributions
from services.monitoring.figures.figure import (
    UNKNOWN,
    Figure,
    FigureDefinition,
    Scope,
    figure,
    of_definition,
    sum_of_known,
)
from services.monitoring.figures.inputs import ALL, FigureInputs
from services.monitoring.figures.money_rows import (
    PUBLIC_SUM,
    SUBTOTAL,
    Years,
    after_of,
    after_term,
    allocated_years,
    committed_years,
    executed_years,
    invested_row,
    ordered_funders,
    plan_of,
    planned_total,
    term_plan,
    total_row,
)
from services.monitoring.projections.case_states import AGREED
from services.monitoring.projections.money import MoneyKind
from shared.database.transaction import Transaction
from shared.events.definition import Definition
from shared.events.funding import (
    BudgetAllocated,
    CommitmentReleased,
    FundsCommitted,
    PastSpendingBooked,
    SelfContributionConfirmed,
    TrancheDisbursed,
)
from shared.values.money import PUBLIC, Funder

HALF = re.compile(r"^(\d{4})H([12])$")


# Definitions.


def funders(funder: str) -> set[str]:
    """Return the funders that `all`, `public` or a single funder stands for."""
    if funder == ALL:
        return set(Funder)
    return set(PUBLIC) if funder == PUBLIC_SUM else {funder}


def scopes_of_years(years: Years) -> Iterable[Scope]:
    return (Scope(year=year, funder=funder) for year, row in years.items() for funder in row)


async def prove_invested(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    years = (0, (inputs.required_definition.term_from or 0) - 1)
    return await contributions.money(
        transaction, inputs, [PastSpendingBooked.name], years, funders(scope.funder)
    )


async def prove_total(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    planned = await contributions.publication(
        transaction, inputs, lambda definition: planned_total(definition).get(scope.funder)
    )
    return planned + await prove_invested(transaction, inputs, scope)


async def prove_committed(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    years, of = (scope.year, scope.year), funders(scope.funder)
    public = await contributions.money(
        transaction, inputs, [FundsCommitted.name], years, of, subtracts=[CommitmentReleased.name]
    )
    if Funder.SELF not in of:
        return public
    return public + await contributions.self_shares(transaction, inputs, AGREED, scope.year)


async def prove_executed(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    names = [PastSpendingBooked.name, TrancheDisbursed.name, SelfContributionConfirmed.name]
    return await contributions.money(
        transaction, inputs, names, (scope.year, scope.year), funders(scope.funder)
    )


async def prove_allocated(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    return await contributions.money(
        transaction, inputs, [BudgetAllocated.name], (scope.year, scope.year), funders(scope.funder)
    )


TOTAL = FigureDefinition(
    "total.{funder}",
    "total",
    "won",
    "total",
    lambda inputs, scope: total_row(inputs).get(scope.funder),
    lambda inputs: (Scope(funder=funder) for funder in total_row(inputs)),
    prove_total,
    adds=("past_spending.booked", "programme.published"),
    highlight="{funder}",
)
INVESTED = FigureDefinition(
    "invested_before_term.{funder}",
    "invested",
    "won",
    "invested",
    lambda inputs, scope: invested_row(inputs).get(scope.funder),
    lambda inputs: (Scope(funder=funder) for funder in invested_row(inputs)),
    prove_invested,
    adds=("past_spending.booked",),
    highlight="{funder}",
)
PLANNED = of_definition(
    "term_plan.{funder}.{period}",
    "planned",
    "won",
    term_plan,
    lambda plan, scope: plan.get(scope.funder, {}).get(scope.period),
    scopes=lambda inputs: (
        Scope(funder=funder, period=period) for funder, row in plan_of(inputs).items() for period in row
    ),
)
AFTER = of_definition(
    "after_term.{funder}",
    "after",
    "won",
    after_term,
    lambda row, scope: row.get(scope.funder),
    scopes=lambda inputs: (Scope(funder=funder) for funder in after_of(inputs)),
)
MONEY_PLANNED = of_definition(
    "money_planned",
    "money_planned",
    "won",
    lambda definition: sum(cell.amount_krw for cell in definition.plan),
    lambda krw, _: krw or None,
)
ALLOCATED = FigureDefinition(
    "allocated.{year}.{funder}",
    "allocated",
    "won",
    "allocated",
    lambda inputs, scope: allocated_years(inputs).get(scope.year, {}).get(scope.funder),
    lambda inputs: scopes_of_years(allocated_years(inputs)),
    prove_allocated,
    adds=("budget.allocated",),
    highlight="amount_krw",
)
COMMITTED = FigureDefinition(
    "committed.{year}.{funder}",
    "committed",
    "won",
    "committed",
    lambda inputs, scope: committed_years(inputs).get(scope.year, {}).get(scope.funder),
    lambda inputs: scopes_of_years(committed_years(inputs)),
    prove_committed,
    adds=("funds.committed", "agreement.signed"),
    subtracts=("commitment.released",),
    highlight="{funder}",
)
EXECUTED = FigureDefinition(
    "executed.{year}.{funder}",
    "executed",
    "won",
    "executed",
    lambda inputs, scope: executed_years(inputs).get(scope.year, {}).get(scope.funder),
    lambda inputs: scopes_of_years(executed_years(inputs)),
    prove_executed,
    adds=("tranche.disbursed", "self_contribution.confirmed", "past_spending.booked"),
    highlight="{funder}",
)
PLAN_FIGURES = (TOTAL, INVESTED, PLANNED, AFTER, MONEY_PLANNED)
YEARLY_FIGURES = (ALLOCATED, COMMITTED, EXECUTED)


# Sections of a page.


RowFunder = Funder | Literal["all"]
"""Funder of a row in a table of money; `all` is the total row: of all funders in a plan, of the public ones in an execution."""


@dataclass(frozen=True, slots=True)
class Period:
    """A column of the investment plan: `2022`, or a half such as `2026H1`."""

    key: str
    is_current: bool = False  # the as-of date lies in it


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One funder's row of the investment plan, in won."""

    funder: RowFunder
    share: (
        int | None
    )  # the funder's part of the ratio in the definition (50; 5); None in a total that has none
    total: Figure  # 총사업비 = A + B + C
    invested: Figure  # 기투자(A): booked before the term
    term: Figure  # 임기내(B), subtotal
    cells: tuple[Figure, ...]  # 임기내 by period, in the order of MoneyTable.periods
    after: Figure  # 이후(C)


@dataclass(frozen=True, slots=True)
class MoneyTable:
    """Investment plan by funder and period, laid out as in the official document; the first row is the total."""

    periods: tuple[Period, ...]
    rows: tuple[MoneyRow, ...]
    after_from: str | None  # the period after which C counts, such as `2026H2`


@dataclass(frozen=True, slots=True)
class MoneyYear:
    """A year of past spending, or a period of the plan: planned and executed, in won."""

    key: str  # `2022`, `2026H1`
    planned: Figure
    executed: tuple[tuple[Funder, Figure], ...]  # by funder; empty for a half-year, as execution is by year


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """One funder's year, in won: planned, committed by agreements, and executed: paid, past spending, the company's share as evidenced."""

    funder: RowFunder
    planned: Figure
    committed: Figure
    disbursed: Figure


@dataclass(frozen=True, slots=True)
class Execution:
    """A fiscal year's execution by funder; the first row, `all`, is the total of the public funders."""

    fiscal_year: int
    rows: tuple[ExecutionRow, ...]

    @property
    def has_plan(self) -> bool:
        """Whether any row has a plan; without one the columns of the plan are left out."""
        return any(row.planned.value is not None for row in self.rows)


def money_table(inputs: FigureInputs) -> MoneyTable | None:
    """Return the investment plan, None where the definition plans no periods; without detail only the total row."""
    definition, periods = inputs.required_definition, planned_periods(inputs)
    if not periods:
        return None
    rows: list[tuple[RowFunder, int | None]] = [(ALL, ratio_total(definition))]
    rows += ratio(definition) if inputs.in_detail else ()
    return MoneyTable(
        periods=tuple(Period(period, is_current(period, inputs.as_of)) for period in periods),
        rows=tuple(money_row(inputs, funder, share, periods) for funder, share in rows),
        after_from=next_period(periods[-1]),
    )


def planned_periods(inputs: FigureInputs) -> list[str]:
    return [period for period in plan_of(inputs).get(ALL, {}) if period != SUBTOTAL]


def ratio(definition: Definition) -> tuple[tuple[Funder, int], ...]:
    """Return each funder's part of the ratio, in the order of the documents."""
    return tuple((funder, definition.funders[funder]) for funder in ordered_funders(definition))


def ratio_total(definition: Definition) -> int | None:
    """Return 100 where the ratio is in percent, None for a ratio such as 5:1."""
    return 100 if sum(definition.funders.values()) == 100 else None


def money_row(inputs: FigureInputs, funder: RowFunder, share: int | None, periods: list[str]) -> MoneyRow:
    of_funder = Scope(funder=funder)
    return MoneyRow(
        funder=funder,
        share=share,
        total=figure(inputs, TOTAL, of_funder),
        invested=figure(inputs, INVESTED, of_funder),
        term=planned(inputs, funder, SUBTOTAL),
        cells=tuple(planned(inputs, funder, period) for period in periods),
        after=figure(inputs, AFTER, of_funder),
    )


def planned(inputs: FigureInputs, funder: str, period: str) -> Figure:
    return figure(inputs, PLANNED, Scope(funder=funder, period=period))


def is_current(period: str, as_of: date) -> bool:
    if half := HALF.match(period):
        return int(half[1]) == as_of.year and (as_of.month > 6) == (half[2] == "2")
    return period == str(as_of.year)


def next_period(period: str) -> str:
    """Return the period that follows, `2026H2` after `2026H1`; C counts from it."""
    if half := HALF.match(period):
        return f"{half[1]}H2" if half[2] == "1" else f"{int(half[1]) + 1}H1"
    return str(int(period) + 1)


def execution(inputs: FigureInputs) -> Execution | None:
    """Return the newest year up to the day with commitments or payments; its first row is the public total."""
    definition, years = inputs.required_definition, {*committed_years(inputs), *executed_years(inputs)}
    years_in_term = [year for year in years if first_year(definition) <= year <= inputs.as_of.year]
    if not years_in_term or not definition.funders:
        return None
    year = max(years_in_term)
    public = Scope(year=year, funder=PUBLIC_SUM)
    committed, disbursed = (
        inputs.money_events.get((kind, year)) for kind in (MoneyKind.COMMITTED, MoneyKind.DISBURSED)
    )
    total = ExecutionRow(
        ALL,
        planned=public_plan(inputs, year),
        committed=figure(inputs, COMMITTED, public, event_count=committed),
        disbursed=figure(inputs, EXECUTED, public, event_count=disbursed),
    )
    return Execution(
        year, (total, *(execution_row(inputs, funder, year) for funder in ordered_funders(definition)))
    )


def execution_row(inputs: FigureInputs, funder: Funder, year: int) -> ExecutionRow:
    scope = Scope(year=year, funder=funder)
    return ExecutionRow(
        funder,
        planned=year_plan(inputs, funder, year),
        committed=figure(inputs, COMMITTED, scope),
        disbursed=figure(inputs, EXECUTED, scope),
    )


def year_plan(inputs: FigureInputs, funder: Funder, year: int) -> Figure:
    """Return the plan of a year, or the sum of its half-years where they alone are planned."""
    whole, *halves = (planned(inputs, funder, period) for period in (f"{year}", f"{year}H1", f"{year}H2"))
    stated = [plan for plan in (whole,) if plan is not UNKNOWN] or [
        plan for plan in halves if plan is not UNKNOWN
    ]
    if len(stated) < 2:
        return stated[0] if stated else UNKNOWN
    return Figure(sum_of_known(*stated))


def public_plan(inputs: FigureInputs, year: int) -> Figure:
    definition = inputs.required_definition
    plans = [year_plan(inputs, funder, year).value for funder in definition.funders if funder in PUBLIC]
    known = [value for value in plans if value is not None]
    return Figure(sum(known)) if known else UNKNOWN


def money_years(inputs: FigureInputs) -> Iterable[MoneyYear]:
    """Yield the years of past spending, then each period of the plan beside what was executed in it."""
    definition, periods = inputs.required_definition, planned_periods(inputs)
    executed = executed_years(inputs)
    if not periods:
        return
    for year in sorted(year for year in executed if year < first_year(definition)):
        yield MoneyYear(str(year), UNKNOWN, executed_by_funder(inputs, year))
    for period in periods:
        year = int(period[:4])
        is_whole_year = [other[:4] for other in periods].count(period[:4]) == 1
        is_executed = is_whole_year and year in executed
        amounts = executed_by_funder(inputs, year) if is_executed else ()
        yield MoneyYear(period, planned(inputs, ALL, period), amounts)


def executed_by_funder(inputs: FigureInputs, year: int) -> tuple[tuple[Funder, Figure], ...]:
    return tuple(
        (funder, figure(inputs, EXECUTED, Scope(year=year, funder=funder)))
        for funder in ordered_funders(inputs.required_definition)
    )


def first_year(definition: Definition) -> int:
    return definition.term_from or definition.first_year


def invested_event_count(inputs: FigureInputs) -> int:
    """Return the number of events behind the amount invested before the term."""
    term_from = inputs.required_definition.term_from or 0
    counts = inputs.money_events.items()
    return sum(count for (kind, year), count in counts if kind == MoneyKind.PAST and year < term_from)
