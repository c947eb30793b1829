"""Rendering of the board's views to HTML. No database, no web framework."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from services.monitoring.board.parts import drawings, headline, i18n, layout, verdict
from services.monitoring.board.parts.case_view import STATUS_STATE, CasesView, CaseView, TimelineEntry
from services.monitoring.board.parts.lineage_view import LineageView
from services.monitoring.board.parts.links import Links
from services.monitoring.board.parts.programme_view import ProgrammeView
from services.monitoring.board.parts.views import OverviewView
from shared.values.identity_cache import IdentityKey
from shared.web.ui import links as ui_links
from shared.web.ui.page import Page
from shared.web.ui.render import Assets, Localizer, PageRenderer, Site

ROW_CACHE_SIZE = 1_000
DAY_PLACEHOLDER = date.max  # stands in links for the page's day where HTML is rendered once for many days
BOARD = Path(__file__).resolve().parent.parent

NAVIGATION = {"overview": "/", "programmes": "/programmes", "cases": "/cases"}
TEXT_FAMILIES = {"nav": NAVIGATION}
SITE = Site(
    templates=BOARD / "templates",
    texts=i18n.TEXTS,
    navigation=tuple(NAVIGATION.items()),
    style_sheets=("board.css",),
)


class Renderer(PageRenderer):
    """Renderer of the board's pages; thread-safe, one a process."""

    def __init__(self, assets: Assets | None = None) -> None:
        super().__init__(
            SITE,
            assets,
            drawings=drawings,
            headline=headline,
            DUE_ROWS_SHOWN=layout.DUE_ROWS_SHOWN,
            STATUS_STATE=STATUS_STATE,
        )

        # The HTML of a row's figures depends on its view and RowPage alone, so it is cached by these two.
        self.row_figures = lru_cache(maxsize=ROW_CACHE_SIZE)(self._render_row_figures)

    def page_context(self, page: Page, links: ui_links.Links | None = None) -> dict[str, object]:
        context = super().page_context(page, links or Links(page))
        return context | {"localize": BoardLocalizer(page.lang, self.texts.translator(page.lang))}

    def overview(self, page: Page, view: OverviewView) -> str:
        dated_programmes = view.dated_programmes
        assessments = assess_programmes(page, dated_programmes)
        overall = verdict.assess_overview([assessment.state for assessment in assessments.values()])
        programmes = verdict.by_urgency(dated_programmes, assessments)
        row_page, render_row = (
            RowPage(page, self._template_module),
            self._template_module("overview_row.html", page).programme,
        )
        figures = {
            programme.id: row_page.with_day(self.row_figures(row_page, IdentityKey(programme)))
            for programme in view.programmes
        }
        rows = [render_row(row, assessments[row.id], figures[row.id]) for row in programmes]
        return self._page(
            "overview.html",
            page,
            view=view,
            programmes=programmes,
            assessments=assessments,
            overall=overall,
            rows=rows,
        )

    def _render_row_figures(self, row_page: "RowPage", programme: "IdentityKey[ProgrammeView]") -> Markup:
        html: Markup = row_page.macros.figures(programme.value)
        return html

    def programmes(self, page: Page, view: OverviewView) -> str:
        return self._page(
            "programmes.html", page, view=view, assessments=assess_programmes(page, view.dated_programmes)
        )

    def programme(self, page: Page, view: ProgrammeView) -> str:
        assessment, sections = verdict.assess_programme(view, page.as_of), layout.programme_layout(view)
        return self._page("programme.html", page, view=view, assessment=assessment, sections=sections)

    def case(self, page: Page, view: CaseView) -> str:
        return self._page("case.html", page, view=view, assessment=verdict.assess_case(view, page.as_of))

    def cases(self, page: Page, view: CasesView) -> str:
        return self._page("cases.html", page, view=view)

    def lineage(self, page: Page, view: LineageView) -> str:
        return self._page("lineage.html", page, view=view)


def assess_programmes(page: Page, programmes: Iterable[ProgrammeView]) -> dict[str, verdict.Assessment]:
    """Return the assessment of each programme by its id."""
    return {programme.id: verdict.assess_programme(programme, page.as_of) for programme in programmes}


class RowPage:
    """Page in which the figures of overview rows are rendered, equal for all days of a year.

    Their links hold a placeholder for the day; today's page is apart, as its links name no day.
    """

    def __init__(self, page: Page, template_module: Callable[[str, Page, Links], Any]) -> None:
        self.page, self.template_module = (
            replace(page, path="/", query={}, last_event_at=None),
            template_module,
        )
        self.identity = (page.lang, page.unit, page.as_of.year, page.as_of == page.today)

    @cached_property
    def macros(self) -> Any:
        """The macros of a row, with links to the placeholder day."""
        is_today = self.page.as_of == self.page.today
        page = self.page if is_today else replace(self.page, as_of=DAY_PLACEHOLDER)
        return self.template_module("overview_row.html", self.page, Links(page))

    def with_day(self, html: Markup) -> Markup:
        """Replace the placeholder by the page's day."""
        return Markup(html.replace(str(DAY_PLACEHOLDER), str(self.page.as_of)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowPage) and other.identity == self.identity

    def __hash__(self) -> int:
        return hash(self.identity)


class BoardLocalizer(Localizer):
    """Formatting of assessments and events besides."""

    __slots__ = ()

    def assessment(self, assessment: verdict.Assessment, *, short: bool = False) -> Markup:
        return i18n.assessment_text(assessment, self.lang, short=short)

    def event_title(self, entry: TimelineEntry) -> Markup:
        return i18n.event_title(entry, self.lang)

    def event_detail(self, entry: TimelineEntry) -> Markup:
        return i18n.event_detail(entry, self.lang)
