"""Pledge figures: indicators with their yearly counts, and the percent that the responsible office states."""

from services.monitoring.figures.domain import FigureInputs, Json, without_absent
from shared.events.definition import Indicator


def indicators(inputs: FigureInputs) -> list[Json]:
    return [indicator_figures(inputs, indicator) for indicator in inputs.required_definition.indicators]


def indicator_figures(inputs: FigureInputs, indicator: Indicator) -> Json:
    """`achieved`: yearly agreements (round.agreed) by their year, up to the year of the day."""
    achieved = {year: 0 for year in indicator.yearly if year <= inputs.as_of.year}
    for round in inputs.rounds:
        if round.is_agreed:
            achieved[round.year] = achieved.get(round.year, 0) + 1
    return {
        "id": indicator.id,
        "name": indicator.name_ko,
        "name_en": indicator.name_en,
        "unit": indicator.unit,
        "target": indicator.target,
        "yearly": {str(year): count for year, count in sorted(indicator.yearly.items())},
        "achieved": {str(year): count for year, count in sorted(achieved.items())},
        "achieved_total": sum(achieved.values()),
    }


def pledge_figures(inputs: FigureInputs) -> Json | None:
    """Return the newest progress as stated, or the pledge's id alone; None without a pledge."""
    pledge, report = inputs.required_definition.pledge, inputs.report
    if pledge is None:
        return None
    stated = {
        "progress_percent": report.percent if report else None,
        "reported_by": report.reported_by_ko if report else None,
        "occurred_on": report.occurred_on.isoformat() if report else None,
    }
    return {"id": pledge.id} | without_absent(stated)
