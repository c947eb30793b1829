"""Frame of a page: its address, business date, unit, language and viewer; and the view of an error page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shared.web.ui.values import Lang, Text, Unit

STATUSES_WITH_TITLE = ("401", "403", "404", "409", "422", "503")
STATUSES_WITH_REMEDY = ("401", "403", "404", "503")
TEXT_FAMILIES = {
    "error.title": (*STATUSES_WITH_TITLE, "other"),
    "error.remedy": (*STATUSES_WITH_REMEDY, "other"),
}


@dataclass(frozen=True, slots=True)
class PageViewer:
    """The viewer of a page. `is_demo`: nobody signed in, the demo opened the page as this operator."""

    name: str
    role_key: str  # of the text that names the viewer's role
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Frame of a page: its address, business date, unit, language and viewer."""

    path: str  # of the address, without the query: /programmes/gimcheon-smart-factory
    lang: Lang
    unit: Unit
    as_of: date  # business date, Asia/Seoul
    today: date  # the business clock's date
    clock_pinned: bool
    viewer: PageViewer
    query: Mapping[str, str] = field(
        default_factory=dict
    )  # other parameters of the address: a filter, a page
    last_event_at: datetime | None = None  # when the newest event was recorded; aware
    stream: str | None = "/stream"  # address of the live stream; None turns live updates off

    @property
    def is_past(self) -> bool:
        """Whether the page shows a past date; such a page gets no live updates."""
        return self.as_of < self.today


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An error page: the reason in words, and the correlation id to quote to the operator."""

    status: int  # HTTP status
    reason: Text
    correlation_id: str | None = None

    @property
    def title_key(self) -> str:
        return f"error.title.{self.status if str(self.status) in STATUSES_WITH_TITLE else 'other'}"

    @property
    def remedy_key(self) -> str:
        """The key of the text that says what to do."""
        return f"error.remedy.{self.status if str(self.status) in STATUSES_WITH_REMEDY else 'other'}"
