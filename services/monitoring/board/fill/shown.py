"""A programme's figures by their path: each figure on a page is one of the api's, and its key leads to its origin."""

from dataclasses import dataclass
from typing import Any

from services.monitoring.board.parts.values import UNKNOWN, Figure
from services.monitoring.figures.domain import Json


@dataclass(frozen=True, slots=True)
class Shown:
    """`figures` is what /api/figures/{programme_id} answers, or a group of it; `key` is the group's own: a figure's key begins with it."""

    key: str
    figures: Json

    def at(self, path: str) -> Any:
        """What stands at the path, None where nothing does."""
        found: Any = self.figures
        for name in path.split("."):
            if not isinstance(found, dict) or (found := found.get(name)) is None:
                return None
        return found

    def __call__(self, path: str, evidence: int | None = None) -> Figure:
        """The figure at the path; not known where the api does not have it."""
        return self._figure(path, self.at(path), evidence)

    def counted(self, path: str) -> Figure:
        """A count of cases: as many events as its value prove it."""
        value = self.at(path)
        return self._figure(path, value, value)

    def group(self, path: str) -> Json:
        found: Json = self.at(path) or {}
        return found

    def below(self, path: str) -> "Shown":
        """The figures of the group, by their paths in it."""
        return Shown(f"{self.key}.{path}", self.group(path))

    def _figure(self, path: str, value: Any, evidence: int | None) -> Figure:
        return Figure(value, f"{self.key}.{path}", evidence) if isinstance(value, int) else UNKNOWN
