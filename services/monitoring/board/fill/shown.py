"""A programme's figures by their path: each figure on a page is one of the api's, and its key leads to its origin."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.monitoring.board.parts.values import UNKNOWN, Figure
from services.monitoring.figures.domain import Json


@dataclass(frozen=True)
class Shown:
    """`figures` is what /api/figures/{programme_id} answers; a key is `<programme>.<path in it>`."""

    programme_id: str
    figures: Json

    @cached_property
    def by_path(self) -> dict[str, Any]:
        """Every figure and every group of them."""
        found: dict[str, Any] = {}
        collect(found, "", self.figures)
        return found

    def at(self, path: str) -> Any:
        """What stands at the path, None where nothing does."""
        return self.by_path.get(path)

    def __call__(self, path: str, evidence: int | None = None) -> Figure:
        """The figure at the path; not known where the api does not have it."""
        value = self.at(path)
        if not isinstance(value, int):
            return UNKNOWN
        return Figure(value, f"{self.programme_id}.{path}", evidence)

    def counted(self, path: str) -> Figure:
        """A count of cases: as many events as its value prove it."""
        return self(path, evidence=self.at(path))

    def group(self, path: str) -> Json:
        found: Json = self.at(path) or {}
        return found


def collect(found: dict[str, Any], prefix: str, figures: Json) -> None:
    for name, value in figures.items():
        found[prefix + name] = value
        if isinstance(value, dict):
            collect(found, f"{prefix}{name}.", value)
