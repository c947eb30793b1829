"""Values that views consist of: texts in two languages, figures with lineage, states, ranges."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Lang = Literal["ko", "en"]
Unit = Literal[1, 1_000, 1_000_000]
"""Unit in which money is shown: won, thousand won, million won. Values are always won."""

State = Literal["ok", "info", "planned", "warning", "danger", "unknown", "hold"]
"""State shown by a pill: in colour, shape and word together."""


TEXT_FAMILIES = {"state": State, "unit.short": Unit, "unit.row": Unit}


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Korean, and in English where there is one."""

    ko: str
    en: str | None = None

    def in_(self, lang: Lang) -> str:
        """Return the text in this language; Korean where there is no English."""
        return self.en if lang == "en" and self.en else self.ko


class Figure(NamedTuple):  # a page has hundreds: frozen dataclasses take about twice as long to make
    """A number with its lineage. Money is won; counts are of what the field's name states.

    `value` None means unknown: shown as –, never as 0.
    `key` is the figure's dotted id, which opens its lineage; None for a figure without.
    `event_count` is the number of events that it was computed from, shown beside large figures.
    """

    value: int | None
    key: str | None = None
    event_count: int | None = None


UNKNOWN = Figure(None)


@dataclass(frozen=True, slots=True)
class YearRange:
    """The years of a row, both inclusive: 2019, or 2019 to 2021."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DateRange:
    """The first and last day of a period, both inclusive."""

    first: date
    last: date
