"""All projections of the board, in the order in which a batch is folded into them, and what a fact touches."""

from services.monitoring.projections import (
    cases,
    companies,
    messages,
    milestones,
    money,
    money_events,
    pledges,
    programmes,
    rounds,
    timeline,
    tranches,
    visits,
)
from shared.projections.projection import DecodedEvent, Projection

PROJECTIONS: tuple[Projection, ...] = (
    programmes.PROJECTION,
    rounds.PROJECTION,
    companies.PROJECTION,
    cases.PROJECTION,
    milestones.PROJECTION,
    tranches.PROJECTION,
    messages.PROJECTION,
    money.PROJECTION,
    money_events.PROJECTION,
    visits.PROJECTION,
    pledges.PROJECTION,
    timeline.PROJECTION,
)


def touches(fact: DecodedEvent) -> str | None:
    """The programme whose pages the fact changes."""
    found = fact.data.get("programme_id")
    return str(found) if found else None
