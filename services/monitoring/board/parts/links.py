"""Addresses: everything that decides what a page shows stands in its address, and nothing else does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode

from services.monitoring.board.parts.values import Unit
from services.monitoring.board.parts.views import Page

DEFAULT_UNIT: Unit = 1_000_000


@dataclass(frozen=True, slots=True)
class Links:
    """Links from one page to others: they keep its date, unit and language."""

    page: Page

    def overview(self) -> str:
        return self.to("/")

    def programmes(self) -> str:
        return self.to("/programmes")

    def programme(self, programme_id: str) -> str:
        return self.to(f"/programmes/{quote(programme_id, safe='')}")

    def cases(self, **query: object) -> str:
        return self.to("/cases", **query)

    def case(self, case_id: str) -> str:
        return self.to(f"/cases/{quote(case_id, safe='')}")

    def figure(self, key: str, **query: object) -> str:
        return self.to(f"/figures/{quote(key, safe='')}", **query)

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
        query = {
            key: str(value) for key, value in (self._kept() | changes).items() if value not in (None, "")
        }
        shown = {key: value for key, value in query.items() if self._defaults().get(key) != value}
        return f"{path}?{urlencode(shown)}" if shown else path

    def hidden(self, *without: str) -> Mapping[str, str]:
        """What a form of this page must carry along."""
        kept = {key: str(value) for key, value in (self._kept() | dict(self.page.query)).items()}
        return {
            key: value
            for key, value in kept.items()
            if key not in without and value != self._defaults().get(key)
        }

    def _kept(self) -> dict[str, object]:
        return {"as_of": self.page.as_of, "unit": self.page.unit, "lang": self.page.lang}

    def _defaults(self) -> dict[str, str]:
        return {"as_of": str(self.page.today), "unit": str(DEFAULT_UNIT), "lang": "ko", "page": "1"}
