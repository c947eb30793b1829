"""A programme's row is computed once for the same facts: who reads the overview next, or of another day, gets the same.

What is kept is what the facts give, and they are read anew each time; so nothing that is shown can be older than them.
Most days change nothing of a programme. What a row shows of the day itself is the half-year that it lies in; the day
of the newest event is not part of it.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from services.monitoring.board.fill.programme import programme_view
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.figures.domain import Facts
from shared.values.identity_cache import IdentityKey

MOST = 1_000  # programmes times what they were


@dataclass(frozen=True)
class Known:
    """Facts by what they say."""

    said: tuple[Any, ...]
    facts: Facts = field(compare=False)


def row_view(facts: Facts) -> ProgrammeView:
    """The view of a programme as a row of all, without the day of its newest event."""
    said = (
        facts.programme_id,
        half_year(facts.as_of),
        facts.version,
        IdentityKey(facts.definition),
        IdentityKey(facts.proposal),
        facts.proposed_on,
        tuple(facts.money),
        tuple(facts.cases),
        tuple(facts.calls),
        facts.report,
        facts.visited,
        tuple(facts.money_events.items()),
    )
    return computed(Known(said, facts))


def half_year(day: date) -> tuple[int, bool]:
    """A plan's periods are years, or halves of them."""
    return day.year, day.month > 6


@lru_cache(maxsize=MOST)
def computed(known: Known) -> ProgrammeView:
    return programme_view(known.facts)
