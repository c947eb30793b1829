"""The values that every view is made of: texts in two languages, figures that prove themselves, states."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Lang = Literal["ko", "en"]
Unit = Literal[1, 1_000, 1_000_000]
"""How money is shown: in won, thousand won, million won. Values are always won."""

State = Literal["ok", "info", "planned", "warning", "danger", "unknown", "hold"]
"""What a pill says by colour, shape and word together."""

Service = Literal["applications", "funding", "monitoring", "notifications"]


@dataclass(frozen=True, slots=True)
class Text:
    """A name in Korean, and in English where somebody gave one."""

    ko: str
    en: str | None = None

    def in_(self, lang: Lang) -> str:
        """The text in this language; Korean where there is no English."""
        return self.en if lang == "en" and self.en else self.ko


class Figure(NamedTuple):  # a page has hundreds: frozen dataclasses take about twice as long to make
    """A number that can prove itself. Money is won; counts are what the field's name says.

    `value` None means not known: it is shown as –, never as 0.
    `key` is the figure's dotted id, which opens its lineage; None where it has none.
    `evidence` is how many events make it, shown beside large figures.
    """

    value: int | None
    key: str | None = None
    evidence: int | None = None


UNKNOWN = Figure(None)


@dataclass(frozen=True, slots=True)
class YearRange:
    """The years of a row, both inclusive: 2019, or 2019 to 2021."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Window:
    """The dates within which something runs, both inclusive."""

    first: date
    last: date
