"""Figures of the source documents: the value that the board must show, and its path in the board's JSON."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tools.demo.yamlfile import YamlError, read_yaml

FILE = Path(__file__).with_name("figures.yaml")
MILLION_WON = "백만원"
WON_IN = {MILLION_WON: 1_000_000}


@dataclass(frozen=True)
class Figure:
    """One figure: the document's value in its unit, its business date, and (`read`) its path in the board's JSON."""

    id: str
    value: int | float
    unit: str
    as_of: date
    programme: str
    read: str

    @property
    def value_in_board_unit(self) -> Fraction:
        """The value in the board's unit: money in won, all else unchanged."""
        return Fraction(str(self.value)) * WON_IN.get(self.unit, 1)

    def parse(self, value: Any) -> Fraction | None:
        """Parse the board's value (won, count, percent or a ratio such as `4/5`) exactly; None if it is no number."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            return None

    def in_document_unit(self, actual: Fraction | None) -> int | float | None:
        """Convert the board's value to the document's unit."""
        if actual is None:
            return None
        value = actual / WON_IN.get(self.unit, 1)
        return int(value) if value.denominator == 1 else float(Decimal(value.numerator) / value.denominator)


def load_figures(file: Path = FILE) -> list[Figure]:
    """Load all figures in the order of the file; raises YamlError for one with a missing or unknown field."""
    try:
        return [Figure(id=id, **fields) for id, fields in read_yaml(file).items()]
    except TypeError as error:
        raise YamlError(f"{file.name}: {error}") from error
