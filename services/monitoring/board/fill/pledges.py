"""Indicators by year, and a pledge's stated progress beside what can be computed."""

from datetime import date

from services.monitoring.board.fill.shown import Shown
from services.monitoring.board.parts.programme_view import ComputedProgress, Indicator, IndicatorYear, Pledge
from services.monitoring.board.parts.values import Text
from services.monitoring.figures.domain import Json
from shared.events.definition import Definition


def indicators(shown: Shown, definition: Definition) -> tuple[Indicator, ...]:
    return tuple(
        Indicator(
            key=one.id,
            name=Text(one.name_ko, one.name_en),
            counted_in=Text(one.unit),
            target=shown(f"indicators.{one.id}.target"),
            achieved=shown.counted(f"indicators.{one.id}.achieved_total"),
            years=by_year(shown.group(f"indicators.{one.id}")),
        )
        for one in definition.indicators
    )


def by_year(indicator: Json) -> tuple[IndicatorYear, ...]:
    achieved = indicator["achieved"]
    return tuple(
        IndicatorYear(int(year), target, achieved.get(year, 0))
        for year, target in indicator["yearly"].items()
    )


def pledge(shown: Shown, definition: Definition) -> Pledge | None:
    promised = definition.pledge
    if promised is None:
        return None
    reported = shown.at("pledge.occurred_on")
    return Pledge(
        Text(promised.name_ko, promised.name_en),
        Text(promised.owner_ko, promised.owner_en),
        stated_percent=shown("pledge.progress_percent", evidence=1),
        reported_on=date.fromisoformat(reported) if reported else None,
        computed=tuple(computed(shown, definition)),
    )


def computed(shown: Shown, definition: Definition) -> list[ComputedProgress]:
    """Agreements of the target, and what was invested of the total."""
    found = []
    if definition.indicators:
        path = f"indicators.{definition.indicators[0].id}"
        found.append(ComputedProgress("agreements", shown(f"{path}.achieved_total"), shown(f"{path}.target")))
    if shown.at("invested_before_term.all") is not None and shown.at("total.all"):
        found.append(ComputedProgress("investment", shown("invested_before_term.all"), shown("total.all")))
    return found
