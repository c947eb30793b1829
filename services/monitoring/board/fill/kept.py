"""Cache of overview rows: a programme's row is computed once for equal figure inputs.

The inputs are read anew for each page, so a cached row is never older than they are. Most days change nothing of a
programme; of the day itself a row shows only its half-year. The day of the newest event is not part of a row.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from services.monitoring.board.fill.programme import programme_view
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.figures.domain import FigureInputs
from shared.values.identity_cache import IdentityKey

MAX_ROWS = 1_000  # a row for each state that a programme has had


@dataclass(frozen=True)
class InputsKey:
    """Cache key of figure inputs: equal where their values are."""

    values: tuple[Any, ...]
    inputs: FigureInputs = field(compare=False)


def row_view(inputs: FigureInputs) -> ProgrammeView:
    """Return the view of a programme's row, cached; without the day of its newest event."""
    values = (
        inputs.programme_id,
        half_year(inputs.as_of),
        inputs.version,
        IdentityKey(inputs.definition),
        IdentityKey(inputs.proposal),
        inputs.proposed_on,
        tuple(inputs.money),
        tuple(inputs.case_groups),
        tuple(inputs.rounds),
        inputs.report,
        inputs.companies_visited,
        tuple(inputs.money_events.items()),
    )
    return cached_view(InputsKey(values, inputs))


def half_year(day: date) -> tuple[int, bool]:
    """Return the half-year of a day; periods of a plan are years or half-years."""
    return day.year, day.month > 6


@lru_cache(maxsize=MAX_ROWS)
def cached_view(key: InputsKey) -> ProgrammeView:
    return programme_view(key.inputs)
