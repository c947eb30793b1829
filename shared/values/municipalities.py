"""Cities and counties by administrative code (행정표준코드), each with the dates between which its code is valid.

A code is stored as it was received: Jeonbuk's 45xxx became 52xxx on 2024-01-18, with the same last three digits.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Municipality:
    """A city or county under one code; `valid_to` is None while the code is valid."""

    code: str
    name_ko: str
    name_en: str
    province_ko: str
    valid_from: date
    valid_to: date | None


@cache
def by_code() -> dict[str, Municipality]:
    """Return all municipalities, with past codes too."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, str]) -> Municipality:
    valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    names = {name: row[name] for name in ("code", "name_ko", "name_en", "province_ko")}
    return Municipality(**names, valid_from=date.fromisoformat(row["valid_from"]), valid_to=valid_to)


def is_valid(code: str, on: date) -> bool:
    """Return whether the code was valid on the date."""
    municipality = by_code().get(code)
    return (
        municipality is not None
        and municipality.valid_from <= on
        and (municipality.valid_to is None or on <= municipality.valid_to)
    )


def name(code: str, language: str = "ko") -> str:
    """Return the name in a language (`ko` or `en`), or the code itself where it is unknown."""
    municipality = by_code().get(code)
    return getattr(municipality, f"name_{language}") if municipality else code
