"""Pledge sections of a programme: indicators by year, stated progress beside computed progress."""

from datetime import date

from services.monitoring.board.fill.shown import FigureLookup
from services.monitoring.board.parts.programme_view import ComputedProgress, Indicator, IndicatorYear, Pledge
from services.monitoring.figures.domain import Json
from shared.events.definition import Definition
from shared.web.ui.values import Text


def indicators(lookup: FigureLookup, definition: Definition) -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            key=indicator.id,
            name=Text(indicator.name_ko, indicator.name_en),
            counted_in=Text(indicator.unit),
            target=lookup(f"indicators.{indicator.id}.target"),
            achieved=lookup.count(f"indicators.{indicator.id}.achieved_total"),
            years=indicator_years(lookup.group(f"indicators.{indicator.id}")),
        )
        for indicator in definition.indicators
    )


def indicator_years(indicator: Json) -> tuple[IndicatorYear, ...]:
    achieved = indicator["achieved"]
    return tuple(
        IndicatorYear(int(year), target, achieved.get(year, 0))
        for year, target in indicator["yearly"].items()
    )


def pledge(lookup: FigureLookup, definition: Definition) -> Pledge | None:
    pledged = definition.pledge
    if pledged is None:
        return None
    reported = lookup.value("pledge.occurred_on")
    return Pledge(
        Text(pledged.name_ko, pledged.name_en),
        Text(pledged.owner_ko, pledged.owner_en),
        stated_percent=lookup("pledge.progress_percent", event_count=1),
        reported_on=date.fromisoformat(reported) if reported else None,
        computed=tuple(computed_progress(lookup, definition)),
    )


def computed_progress(lookup: FigureLookup, definition: Definition) -> list[ComputedProgress]:
    """Return progress computed from agreements (of their target) and from investment (of the total)."""
    progress = []
    if definition.indicators:
        path = f"indicators.{definition.indicators[0].id}"
        progress.append(
            ComputedProgress("agreements", lookup(f"{path}.achieved_total"), lookup(f"{path}.target"))
        )
    if lookup.value("invested_before_term.all") is not None and lookup.value("total.all"):
        progress.append(
            ComputedProgress("investment", lookup("invested_before_term.all"), lookup("total.all"))
        )
    return progress
