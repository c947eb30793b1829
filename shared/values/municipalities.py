"""Cities and counties by their administrative code (행정표준코드); codes move, so each has its dates.

A code is kept as it was received: Jeonbuk's 45xxx became 52xxx on 2024-01-18 with the same tails.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Municipality:
    code: str
    name_ko: str
    name_en: str
    province_ko: str
    valid_from: date
    valid_to: date | None


@cache
def by_code() -> dict[str, Municipality]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, str]) -> Municipality:
    until = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    names = {name: row[name] for name in ("code", "name_ko", "name_en", "province_ko")}
    return Municipality(**names, valid_from=date.fromisoformat(row["valid_from"]), valid_to=until)


def is_valid(code: str, on: date) -> bool:
    """Whether a municipality bore this code on that day."""
    found = by_code().get(code)
    return found is not None and found.valid_from <= on and (found.valid_to is None or on <= found.valid_to)


def name(code: str, language: str = "ko") -> str:
    """The name to show; an unknown code shows itself."""
    found = by_code().get(code)
    return getattr(found, f"name_{language}") if found else code
