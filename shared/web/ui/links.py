"""Addresses of pages: an address holds everything that decides what its page shows, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from urllib.parse import quote, urlencode

from shared.web.ui.page import Page
from shared.web.ui.values import Unit

DEFAULT_UNIT: Unit = 1_000_000


@lru_cache(maxsize=20_000)
def quoted(part: str) -> str:
    """Quote a part of a path; cached, as most links repeat from page to page."""
    return quote(part, safe="")


@dataclass(frozen=True)
class Links:
    """Links from one page to others; they carry its date, unit and language."""

    page: Page

    def home(self) -> str:
        return self.to("/")

    def figure(self, key: str, **query: object) -> str:
        """Return the address of a figure's lineage."""
        return self.to(f"/figures/{quoted(key)}", **query)

    def here(self, **changes: object) -> str:
        """Return the address of this page with some parameters changed; its filter stays."""
        return self.to(self.page.path, **{**self.page.query, **changes})

    def days_later(self, days: int) -> str:
        """Return the address of this page so many days later (earlier where negative)."""
        return self.here(as_of=self.page.as_of + timedelta(days=days))

    def today(self) -> str:
        return self.here(as_of=self.page.today)

    def to(self, path: str, **changes: object) -> str:
        """Return an address; parameters that are None, empty or have their default value are left out."""
        return path + (self._query(changes) if changes else self._context_query)

    def hidden_fields(self, *without: str) -> Mapping[str, str]:
        """Return the parameters that a form of this page must carry along."""
        query = self._without_defaults(self._context | dict(self.page.query))
        return {key: value for key, value in query.items() if key not in without}

    @cached_property
    def _context_query(self) -> str:
        """The query of a link that changes nothing, as most links of a page."""
        return self._query({})

    def _query(self, changes: Mapping[str, object]) -> str:
        parameters = {
            key: value for key, value in (self._context | dict(changes)).items() if value not in (None, "")
        }
        query = self._without_defaults(parameters)
        return f"?{urlencode(query)}" if query else ""

    def _without_defaults(self, parameters: Mapping[str, object]) -> dict[str, str]:
        texts = {key: str(value) for key, value in parameters.items()}
        return {key: value for key, value in texts.items() if self._defaults.get(key) != value}

    @cached_property
    def _context(self) -> dict[str, object]:
        return {"as_of": self.page.as_of, "unit": self.page.unit, "lang": self.page.lang}

    @cached_property
    def _defaults(self) -> dict[str, str]:
        return {"as_of": str(self.page.today), "unit": str(DEFAULT_UNIT), "lang": "ko", "page": "1"}
