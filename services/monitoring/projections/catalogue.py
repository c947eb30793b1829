"""The list of the board's projections, in the order in which a batch is folded into them."""

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


def affected_programme(event: DecodedEvent) -> str | None:
    """Return the id of the programme whose pages the event changes, or None."""
    programme_id = event.data.get("programme_id")
    return str(programme_id) if programme_id else None
