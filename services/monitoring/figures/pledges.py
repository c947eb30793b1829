"""What a pledge promises and how far it is: its indicators, and the percent that its office states."""

from services.monitoring.figures.domain import Facts, Json, present
from shared.events.definition import Indicator


def indicators(facts: Facts) -> list[Json]:
    return [indicator(facts, one) for one in facts.defined.indicators]


def indicator(facts: Facts, one: Indicator) -> Json:
    """`achieved`: yearly agreements (round.agreed) by their year, up to the year of the day."""
    achieved = {year: 0 for year in one.yearly if year <= facts.as_of.year}
    for call in facts.calls:
        if call.is_agreed:
            achieved[call.year] = achieved.get(call.year, 0) + 1
    return {
        "id": one.id,
        "name": one.name_ko,
        "name_en": one.name_en,
        "unit": one.unit,
        "target": one.target,
        "yearly": {str(year): count for year, count in sorted(one.yearly.items())},
        "achieved": {str(year): count for year, count in sorted(achieved.items())},
        "achieved_total": sum(achieved.values()),
    }


def pledge(facts: Facts) -> Json | None:
    """The newest report as it was stated; without one only whose pledge it is."""
    promised, report = facts.defined.pledge, facts.report
    if promised is None:
        return None
    stated = {
        "progress_percent": report.percent if report else None,
        "reported_by": report.reported_by_ko if report else None,
        "occurred_on": report.occurred_on.isoformat() if report else None,
    }
    return {"id": promised.id} | present(stated)
