"""Pledge figures: indicators with their yearly counts, and the percent that the responsible office states."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.monitoring.figures import contributions
from services.monitoring.figures.contributions import Contribution, Contributions
from services.monitoring.figures.figure import (
    Figure,
    FigureDefinition,
    Scope,
    counted,
    figure,
    no_scope,
    of_definition,
    once,
)
from services.monitoring.figures.inputs import ALL, FigureInputs
from services.monitoring.figures.money import INVESTED, TOTAL
from shared.database.transaction import Transaction
from shared.events import definition as defined
from shared.events.applications import RoundAgreed
from shared.events.monitoring import PledgeProgressReported
from shared.web.ui.values import Text


def indicators_of(inputs: FigureInputs) -> list[defined.Indicator]:
    return inputs.definition.indicators if inputs.definition else []


def by_id(definition: defined.Definition) -> Mapping[str, defined.Indicator]:
    return {indicator.id: indicator for indicator in definition.indicators}


@once
def agreements(inputs: FigureInputs) -> Counter[int]:
    """Yearly agreements (round.agreed) by their year."""
    return Counter(each.year for each in inputs.rounds if each.is_agreed)


def achieved_years(inputs: FigureInputs, indicator: defined.Indicator) -> list[int]:
    """Return the years whose count is known: planned up to the year of the day, or with an agreement."""
    return sorted({year for year in indicator.yearly if year <= inputs.as_of.year} | set(agreements(inputs)))


def achieved(inputs: FigureInputs, scope: Scope) -> int | None:
    """Return the agreements of the year, of all years without one; None where the programme has no such indicator."""
    indicator = next((each for each in indicators_of(inputs) if each.id == scope.indicator), None)
    if indicator is None or (scope.year and scope.year not in achieved_years(inputs, indicator)):
        return None
    return agreements(inputs)[scope.year] if scope.year else agreements(inputs).total()


async def prove_agreements(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    rows = await contributions.events_of_programme(transaction, inputs, RoundAgreed.name)
    return contributions.of_amounts(
        (row, 1) for row in rows if not scope.year or row.data["year"] == scope.year
    )


async def prove_progress(transaction: Transaction, inputs: FigureInputs, scope: Scope) -> Contributions:
    """Return the newest report; the percent is read from its payload."""
    pledge = inputs.required_definition.pledge
    name = PledgeProgressReported.name
    rows = await contributions.events_of_subject(transaction, inputs, pledge.id, name) if pledge else []
    listed = [Contribution(row, row.data["percent"]) for row in rows[-1:]]  # 0 too is reported
    return Contributions(listed, len(listed), sum(each.amount for each in listed))


def scopes_of_indicators(inputs: FigureInputs) -> Iterable[Scope]:
    return (Scope(indicator=indicator.id) for indicator in indicators_of(inputs))


TARGET = of_definition(
    "indicators.{indicator}.target",
    "indicator_target",
    "times",
    by_id,
    lambda indicators, scope: indicators[scope.indicator].target if scope.indicator in indicators else None,
    scopes=scopes_of_indicators,
)
YEARLY_TARGET = of_definition(
    "indicators.{indicator}.yearly.{year}",
    "indicator_yearly",
    "times",
    by_id,
    lambda indicators, scope: (
        indicators[scope.indicator].yearly.get(scope.year) if scope.indicator in indicators else None
    ),
    scopes=lambda inputs: (
        Scope(indicator=indicator.id, year=year)
        for indicator in indicators_of(inputs)
        for year in sorted(indicator.yearly)
    ),
)
ACHIEVED = FigureDefinition(
    "indicators.{indicator}.achieved.{year}",
    "indicator_achieved_in",
    "times",
    "agreements",
    achieved,
    lambda inputs: (
        Scope(indicator=indicator.id, year=year)
        for indicator in indicators_of(inputs)
        for year in achieved_years(inputs, indicator)
    ),
    prove_agreements,
    adds=("round.agreed",),
)
ACHIEVED_TOTAL = FigureDefinition(
    "indicators.{indicator}.achieved_total",
    "indicator_achieved",
    "times",
    "agreements",
    achieved,
    scopes_of_indicators,
    prove_agreements,
    adds=("round.agreed",),
)
PROGRESS = FigureDefinition(
    "pledge.progress_percent",
    "progress",
    "percent",
    "progress",
    lambda inputs, _: inputs.report.percent if inputs.report else None,
    no_scope,
    prove_progress,
    adds=("pledge.progress_reported",),
)
FIGURES = (TARGET, YEARLY_TARGET, ACHIEVED, ACHIEVED_TOTAL, PROGRESS)


# Sections of a page.


@dataclass(frozen=True, slots=True)
class IndicatorYear:
    """A year of an indicator: its target and what was achieved."""

    year: int
    target: int
    achieved: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator of a pledge: unit, target of the whole term, years."""

    key: str
    name: Text
    counted_in: Text  # 회, 곳
    target: Figure
    achieved: Figure
    years: tuple[IndicatorYear, ...]


@dataclass(frozen=True, slots=True)
class ComputedProgress:
    """Progress computed from figures, beside the stated one: part of whole, in one unit."""

    key: Literal["agreements", "investment"]  # agreements: times; investment: won
    part: Figure
    whole: Figure


@dataclass(frozen=True, slots=True)
class Pledge:
    """Progress of a pledge as the responsible office stated it, and as computed from figures."""

    name: Text
    office: Text
    stated_percent: Figure
    reported_on: date | None
    computed: tuple[ComputedProgress, ...] = ()


def indicators(inputs: FigureInputs) -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            key=indicator.id,
            name=Text(indicator.name_ko, indicator.name_en),
            counted_in=Text(indicator.unit),
            target=figure(inputs, TARGET, Scope(indicator=indicator.id)),
            achieved=counted(inputs, ACHIEVED_TOTAL, Scope(indicator=indicator.id)),
            years=tuple(
                IndicatorYear(year, target, agreements(inputs)[year])
                for year, target in sorted(indicator.yearly.items())
            ),
        )
        for indicator in indicators_of(inputs)
    )


def pledge(inputs: FigureInputs) -> Pledge | None:
    pledged, report = inputs.required_definition.pledge, inputs.report
    if pledged is None:
        return None
    return Pledge(
        Text(pledged.name_ko, pledged.name_en),
        Text(pledged.owner_ko, pledged.owner_en),
        stated_percent=figure(inputs, PROGRESS, event_count=1),
        reported_on=report.occurred_on if report else None,
        computed=tuple(computed_progress(inputs)),
    )


def computed_progress(inputs: FigureInputs) -> Iterable[ComputedProgress]:
    """Yield progress computed from agreements (of their target) and from investment (of the total)."""
    for indicator in indicators_of(inputs)[:1]:
        scope = Scope(indicator=indicator.id)
        yield ComputedProgress(
            "agreements", counted(inputs, ACHIEVED_TOTAL, scope), figure(inputs, TARGET, scope)
        )
    invested, total = (figure(inputs, each, Scope(funder=ALL)) for each in (INVESTED, TOTAL))
    if invested.value is not None and total.value:
        yield ComputedProgress("investment", invested, total)
