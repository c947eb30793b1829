"""Values that views consist of: texts in two languages, states, periods."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

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
