"""Lookup of a programme's figures by path; each figure on a page is one of the API's, its key opens its lineage."""

from dataclasses import dataclass
from typing import Any

from services.monitoring.figures.domain import Json
from shared.web.ui.values import UNKNOWN, Figure


@dataclass(frozen=True, slots=True)
class FigureLookup:
    """Figures as /api/figures/{programme_id} returns them, or a group of them; keys begin with `prefix`."""

    prefix: str
    figures: Json

    def value(self, path: str) -> Any:
        """Return the value at the path, None where there is none."""
        value: Any = self.figures
        for name in path.split("."):
            if not isinstance(value, dict) or (value := value.get(name)) is None:
                return None
        return value

    def __call__(self, path: str, event_count: int | None = None) -> Figure:
        """Return the figure at the path; unknown where there is none."""
        return self._figure(path, self.value(path), event_count)

    def count(self, path: str) -> Figure:
        """Return a figure that counts events: it has as many as its value."""
        value = self.value(path)
        return self._figure(path, value, value)

    def group(self, path: str) -> Json:
        """Return the group at the path, empty where there is none."""
        group: Json = self.value(path) or {}
        return group

    def subtree(self, path: str) -> "FigureLookup":
        """Return the lookup of a group, by paths within it."""
        return FigureLookup(f"{self.prefix}.{path}", self.group(path))

    def _figure(self, path: str, value: Any, event_count: int | None) -> Figure:
        return Figure(value, f"{self.prefix}.{path}", event_count) if isinstance(value, int) else UNKNOWN
