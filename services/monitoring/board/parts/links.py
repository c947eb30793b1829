"""Addresses: everything that decides what a page shows stands in its address, and nothing else does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from urllib.parse import quote, urlencode

from services.monitoring.board.parts.values import Unit
from services.monitoring.board.parts.views import Page

DEFAULT_UNIT: Unit = 1_000_000


@lru_cache(maxsize=20_000)
def quoted(part: str) -> str:
    """A part of a path; a page has a hundred, mostly those of the page before."""
    return quote(part, safe="")


@dataclass(frozen=True)
class Links:
    """Links from one page to others: they keep its date, unit and language."""

    page: Page

    def overview(self) -> str:
        return self.to("/")

    def programmes(self) -> str:
        return self.to("/programmes")

    def programme(self, programme_id: str) -> str:
        return self.to(f"/programmes/{quoted(programme_id)}")

    def cases(self, **query: object) -> str:
        return self.to("/cases", **query)

    def case(self, case_id: str) -> str:
        return self.to(f"/cases/{quoted(case_id)}")

    def figure(self, key: str, **query: object) -> str:
        return self.to(f"/figures/{quoted(key)}", **query)

    def here(self, **changes: object) -> str:
        """This page with something changed; its filter is kept."""
        return self.to(self.page.path, **{**self.page.query, **changes})

    def on(self, days: int) -> str:
        """This page so many days later."""
        return self.here(as_of=self.page.as_of + timedelta(days=days))

    def today(self) -> str:
        return self.here(as_of=self.page.today)

    def to(self, path: str, **changes: object) -> str:
        """An address; what has its default value, or is None or empty, is left out."""
        return path + (self._query(changes) if changes else self._unchanged)

    def hidden(self, *without: str) -> Mapping[str, str]:
        """What a form of this page must carry along."""
        kept = self._shown(self._kept | dict(self.page.query))
        return {key: value for key, value in kept.items() if key not in without}

    @cached_property
    def _unchanged(self) -> str:
        """Most links of a page change nothing."""
        return self._query({})

    def _query(self, changes: Mapping[str, object]) -> str:
        given = {key: value for key, value in (self._kept | dict(changes)).items() if value not in (None, "")}
        shown = self._shown(given)
        return f"?{urlencode(shown)}" if shown else ""

    def _shown(self, given: Mapping[str, object]) -> dict[str, str]:
        said = {key: str(value) for key, value in given.items()}
        return {key: value for key, value in said.items() if self._defaults.get(key) != value}

    @cached_property
    def _kept(self) -> dict[str, object]:
        return {"as_of": self.page.as_of, "unit": self.page.unit, "lang": self.page.lang}

    @cached_property
    def _defaults(self) -> dict[str, str]:
        return {"as_of": str(self.page.today), "unit": str(DEFAULT_UNIT), "lang": "ko", "page": "1"}
