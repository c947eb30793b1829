"""Compares every figure of the source documents with what the board's own HTTP API answers for its date."""

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

PAUSE_SECONDS = 0.5
STILL_SECONDS = 8.0
Page = tuple[str, date]


@dataclass(frozen=True)
class Row:
    """A figure and what the board shows; None where it could not be read."""

    figure: Figure
    answer: Fraction | None

    @property
    def ok(self) -> bool:
        return self.answer == self.figure.exact

    def as_json(self) -> dict[str, Any]:
        figure = self.figure
        return {
            "id": figure.id,
            "expected": figure.value,
            "shown": figure.shown(self.answer),
            "unit": figure.unit,
            "as_of": figure.as_of.isoformat(),
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Checked:
    """All rows, and how long the board took to catch up with what had been published."""

    rows: list[Row]
    waited_seconds: float

    @property
    def ok(self) -> bool:
        return bool(self.rows) and all(row.ok for row in self.rows)


async def check(
    figures: Sequence[Figure], addresses: Addresses, still_seconds: float = STILL_SECONDS
) -> Checked:
    """Asked again until all is right, or nothing on the board has moved for so many seconds."""
    began = moved = time.monotonic()
    token = addresses.mint(OPERATOR.subject, OPERATOR.role)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        pages = await _pages(http, addresses.apis["monitoring"], figures)
        while not (checked := Checked(_rows(figures, pages), moved - began)).ok:
            if time.monotonic() - moved > still_seconds:
                break
            await asyncio.sleep(PAUSE_SECONDS)
            now = await _pages(http, addresses.apis["monitoring"], figures)
            if now != pages:
                pages, moved = now, time.monotonic()
        return checked


async def _pages(http: httpx.AsyncClient, board: str, figures: Iterable[Figure]) -> dict[Page, Any]:
    """Each programme's figures for each date, asked once."""
    pages: dict[Page, Any] = {}

    async def read(programme: str, as_of: date) -> None:
        answer = await http.get(f"{board}/api/figures/{programme}", params={"as_of": as_of.isoformat()})
        pages[programme, as_of] = answer.json() if answer.is_success else {"problem": answer.text}

    await all_of(*(read(*page) for page in dict.fromkeys((one.programme, one.as_of) for one in figures)))
    return pages


def _rows(figures: Iterable[Figure], pages: dict[Page, Any]) -> list[Row]:
    return [Row(one, one.exact_answer(_at(pages[one.programme, one.as_of], one.read))) for one in figures]


def _at(page: Any, path: str) -> Any:
    """What stands at a dotted path, or None."""
    for name in path.split("."):
        if not isinstance(page, dict) or name not in page:
            return None
        page = page[name]
    return page
