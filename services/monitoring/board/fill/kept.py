"""A programme's row is computed once for the same facts: the next reader of the overview gets the one before's.

What is kept is what the facts give, and they are read anew each time; so nothing that is shown can be older than them.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from services.monitoring.board.fill.programme import programme_view
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.figures.domain import Facts
from shared.values.same import Same

MOST = 1_000  # programmes times dates


@dataclass(frozen=True)
class Known:
    """Facts by what they say."""

    said: tuple[Any, ...]
    facts: Facts = field(compare=False)


def row_view(facts: Facts, last_event_on: date | None) -> ProgrammeView:
    """The view of a programme as a row of all."""
    said = (
        facts.programme_id,
        facts.as_of,
        facts.version,
        Same(facts.definition),
        Same(facts.proposal),
        facts.proposed_on,
        tuple(facts.money),
        tuple(facts.cases),
        tuple(facts.calls),
        facts.report,
        facts.visited,
        tuple(facts.money_events.items()),
    )
    return computed(Known(said, facts), last_event_on)


@lru_cache(maxsize=MOST)
def computed(known: Known, last_event_on: date | None) -> ProgrammeView:
    return programme_view(known.facts, last_event_on)
