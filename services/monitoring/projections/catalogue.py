"""All projections of the board, in the order in which a batch is folded into them, and what a fact touches."""

from services.monitoring.projections import (
    case_tiles,
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
from shared.delivery.projection import Fact, Projection

PROJECTIONS: tuple[Projection, ...] = (
    programmes.PROJECTION,
    rounds.PROJECTION,
    companies.PROJECTION,
    cases.PROJECTION,
    *case_tiles.TILES,
    milestones.PROJECTION,
    tranches.PROJECTION,
    messages.PROJECTION,
    money.PROJECTION,
    money_events.PROJECTION,
    visits.PROJECTION,
    visits.PROJECTION.tiles,
    pledges.PROJECTION,
    timeline.PROJECTION,
)


def touches(fact: Fact) -> str | None:
    """The programme whose pages the fact changes."""
    found = fact.data.get("programme_id")
    return str(found) if found else None
