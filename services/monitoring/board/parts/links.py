"""Addresses of the board's pages."""

from dataclasses import dataclass

from shared.web.ui import links
from shared.web.ui.links import quoted


@dataclass(frozen=True)
class Links(links.Links):
    """Links from one page of the board to others."""

    def overview(self) -> str:
        return self.home()

    def programmes(self) -> str:
        return self.to("/programmes")

    def programme(self, programme_id: str) -> str:
        return self.to(f"/programmes/{quoted(programme_id)}")

    def cases(self, **query: object) -> str:
        return self.to("/cases", **query)

    def case(self, case_id: str) -> str:
        return self.to(f"/cases/{quoted(case_id)}")
