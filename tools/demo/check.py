"""Comparison of every figure of the source documents with the board's HTTP API as of the figure's date."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import httpx

from tools.demo.actors import OPERATOR
from tools.demo.clients import Addresses
from tools.demo.figures import Figure
from tools.devstack.waiting import all_of

POLL_SECONDS = 0.5
UNCHANGED_SECONDS = 8.0
Page = tuple[str, date]


@dataclass(frozen=True)
class FigureCheck:
    """A figure and the value that the board shows (in the board's unit); None where it could not be read."""

    figure: Figure
    actual: Fraction | None

    @property
    def ok(self) -> bool:
        return self.actual == self.figure.value_in_board_unit

    def as_json(self) -> dict[str, Any]:
        figure = self.figure
        return {
            "id": figure.id,
            "expected": figure.value,
            "shown": figure.in_document_unit(self.actual),
            "unit": figure.unit,
            "as_of": figure.as_of.isoformat(),
            "ok": self.ok,
        }


@dataclass(frozen=True)
class CheckResult:
    """The checks of all figures, and the seconds until the board last changed."""

    rows: list[FigureCheck]
    waited_seconds: float

    @property
    def ok(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)


async def check(
    figures: Sequence[Figure], addresses: Addresses, unchanged_seconds: float = UNCHANGED_SECONDS
) -> CheckResult:
    """Check all figures again and again until all are right, or the board is unchanged for so many seconds."""
    began = changed = time.monotonic()
    token = addresses.mint(OPERATOR.subject, OPERATOR.role)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        pages = await _pages(http, addresses.apis["monitoring"], figures)
        while not (result := CheckResult(compare(figures, pages), changed - began)).ok:
            if time.monotonic() - changed > unchanged_seconds:
                break
            await asyncio.sleep(POLL_SECONDS)
            now = await _pages(http, addresses.apis["monitoring"], figures)
            if now != pages:
                pages, changed = now, time.monotonic()
        return result


async def _pages(http: httpx.AsyncClient, board: str, figures: Iterable[Figure]) -> dict[Page, Any]:
    """Fetch each programme's figures once for each date."""
    pages: dict[Page, Any] = {}

    async def read(programme: str, as_of: date) -> None:
        response = await http.get(f"{board}/api/figures/{programme}", params={"as_of": as_of.isoformat()})
        pages[programme, as_of] = response.json() if response.is_success else {"problem": response.text}

    await all_of(*(read(*page) for page in dict.fromkeys((row.programme, row.as_of) for row in figures)))
    return pages


def compare(figures: Iterable[Figure], pages: dict[Page, Any]) -> list[FigureCheck]:
    """Compare each figure with what the board answers for its programme as of its date."""
    return [
        FigureCheck(row, row.parse(_value_at(pages[row.programme, row.as_of], row.read))) for row in figures
    ]


def _value_at(page: Any, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    for name in path.split("."):
        if not isinstance(page, dict) or name not in page:
            return None
        page = page[name]
    return page
