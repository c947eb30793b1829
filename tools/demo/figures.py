"""The figures of the source documents: what the board must show, and where it shows it."""

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
    """One figure: the document's value in its unit, its business date, and its path in the board's JSON."""

    id: str
    value: int | float
    unit: str
    as_of: date
    programme: str
    read: str

    @property
    def exact(self) -> Fraction:
        """The value as the board answers it: money in won, all else as it is."""
        return Fraction(str(self.value)) * WON_IN.get(self.unit, 1)

    def exact_answer(self, answer: Any) -> Fraction | None:
        """The board's answer (won, count, percent or a ratio such as `4/5`), exactly; None if it is no number."""
        if isinstance(answer, bool) or not isinstance(answer, int | float | str):
            return None
        try:
            return Fraction(str(answer))
        except (ValueError, ZeroDivisionError):
            return None

    def shown(self, answer: Fraction | None) -> int | float | None:
        """The answer in the document's unit."""
        if answer is None:
            return None
        value = answer / WON_IN.get(self.unit, 1)
        return int(value) if value.denominator == 1 else float(Decimal(value.numerator) / value.denominator)


def load_figures(file: Path = FILE) -> list[Figure]:
    """All figures, in the order of the file; raises YamlError for one that is not whole."""
    try:
        return [Figure(id=id, **fields) for id, fields in read_yaml(file).items()]
    except TypeError as error:
        raise YamlError(f"{file.name}: {error}") from error
